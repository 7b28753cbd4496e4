"""A module for PyTorch: plain functions, a torch.autograd.Function with the derived backward, and an nn.Module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.targets.functions import signature
from gradsheet.targets.plain_file import PlainFile, tupled
from gradsheet.targets.splitting import split, used

if TYPE_CHECKING:
    from gradsheet.expressions import Symbol
    from gradsheet.targets.functions import Group

_MODULE_NAMES = frozenset({
    "forward", "predict", "train", "eval", "training", "type", "half", "float", "double", "to", "cpu", "cuda",
    "apply", "children", "modules", "buffers", "parameters", "state_dict", "zero_grad", "compile",
    "dump_patches", "extra_repr", "bfloat16", "share_memory", "ipu", "xpu", "mtia",
})  # fmt: skip


class TorchFile(PlainFile):
    """The text of a module for PyTorch."""

    def values(self) -> None:
        assert self.plan.value is not None
        if not self.plan.gradients:
            super().values()
            return
        self._with_rule("value", [self.plan.value])

    def pullback(self) -> None:
        super().pullback()
        self._with_rule("function", self.plan.outputs)

    def more(self) -> None:
        if self.plan.value is not None and self.plan.gradients and self.plan.shows("value"):
            self._module()

    # ------------------------------------------------------------ torch.autograd.Function

    def _with_rule(self, name: str, outputs: list[Group]) -> None:
        plan, workshop = self.plan, self.workshop
        parts = split(plan, outputs)
        flat = [s for g in plan.arguments for s in g.symbols]
        names = [workshop.names.of[s] for s in flat]
        first = [s for g in outputs for s in g.symbols]
        forward, _ = workshop.body(parts.forward, first, flat)
        made = [workshop.names.of[s] for s in first]
        cotangents = [workshop.names.of[s] for s in parts.cotangents]
        upstream = workshop.names.copy().fresh("upstream")
        backward, _ = workshop.body(parts.backward, parts.results, [*parts.saved, *parts.cotangents])
        derived = {s: d for a, g in plan.gradients for s, d in zip(a.symbols, g.symbols, strict=True)}
        scale = "" if cotangents else f"{upstream} * "
        returned = []
        for k, symbol in enumerate(flat):
            if symbol in derived:
                returned.append(f"{scale}{workshop.names.of[derived[symbol]]} if ctx.needs_input_grad[{k}] else None,")
            else:
                returned.append("None,")
        refused = [k for k, s in enumerate(flat) if s not in derived and not s.is_integer]
        lacking = [workshop.names.of[flat[k]] for k in refused]
        check = [
            f"if any(ctx.needs_input_grad[k] for k in {tupled(map(str, refused))}):",
            f'    raise RuntimeError("no derivative by {", ".join(lacking)} was derived; detach what is data")',
        ] if refused else []  # fmt: skip
        held = used(parts.saved, plan, [*backward, *returned])
        # A number of the caller's may be one of Python, which is no tensor that could be saved.
        numbers = [workshop.names.of[s] for s in held if not s.axes and s in flat and s not in derived]
        saved = [n for n in (workshop.names.of[s] for s in held) if n not in numbers]
        kept = [f"{n} = ctx.{n}" for n in numbers]
        kept += [f"{', '.join(saved)}{',' if len(saved) == 1 else ''} = ctx.saved_tensors"] if saved else []
        of = ", ".join(g.written for g in outputs)
        lines = [
            "class _Derived(torch.autograd.Function):",
            f'    """{of}, with the backward pass that was derived."""',
            "",
            "    @staticmethod",
            *_indented(signature("forward", ["ctx", *names])),
            *_indented(_indented(forward)),
            *(f"        ctx.{n} = {n}" for n in numbers),
            *([f"        ctx.save_for_backward({', '.join(saved)})"] if saved else []),
            f"        return {', '.join(made)}",
            "",
            "    @staticmethod",
            "    @once_differentiable",
            *_indented(signature("backward", ["ctx", *(cotangents or [upstream])])),
            *_indented(_indented([*check, *kept, *backward])),
            "        return (",
            *(f"            {r}" for r in returned),
            "        )",
        ]
        self.texts.append("\n".join(lines) + "\n")
        passed = ", ".join(f"*{g.name}" if g.members else g.name for g in plan.arguments)
        doc = [f"{of}; differentiable by {', '.join(a.name for a, _ in plan.gradients)}.", *self.shapes(plan.arguments)]
        body = ['"""' + doc[0], "", *doc[1:], '"""']
        self.texts.append(
            "\n".join([
                *signature(name, [g.name for g in plan.arguments]),
                *_indented(body),
                f"    return _Derived.apply({passed})",
            ]) + "\n"
        )  # fmt: skip
        self.listed.append(name)

    # ------------------------------------------------------------ nn.Module

    def _module(self) -> None:
        plan = self.plan
        attributes = {g.name: g.name + "_" if g.name in _MODULE_NAMES else g.name for g in plan.parameters}
        text: list[str] = []
        for group in plan.parameters:
            made = [self._initial(s) for s in group.symbols]
            if group.members:
                text.append(f"self.{attributes[group.name]} = nn.ParameterList([")
                text += [f"    nn.Parameter({m})," for m in made]
                text.append("])")
            else:
                text.append(f"self.{attributes[group.name]} = nn.Parameter({made[0]})")
        sizes = [n for n in self.workshop.sizes.values() if re.search(rf"\b{n}\b", "\n".join(text))]
        head = ["self", *(["*", *sizes] if sizes else ["*"]), "dtype=torch.float32"]
        own = ", ".join(f"self.{attributes[g.name]}" for g in plan.parameters)
        data = [g.name for g in plan.data]
        assert plan.value is not None
        lines = [
            "class Model(nn.Module):",
            f'    """{plan.value.written} as a module: its parameters, the loss as `forward`, and `predict`."""'
            if plan.prediction is not None
            else f'    """{plan.value.written} as a module: its parameters, and the loss as `forward`."""',
            "",
            *_indented(signature("__init__", head)),
            f'        """Parameters start {self._rule()}."""',
            "        super().__init__()",
            *_indented(_indented(text)),
            "",
            *_indented(signature("forward", ["self", *data])),
            f'        """{plan.value.written}."""',
            f"        return value({', '.join([own, *data])})",
        ]
        if plan.prediction is not None:
            written, _, workshop = plan.prediction
            taken = [g for g in workshop.inputs if g.part == "parameter"]
            rest = [g.name for g in workshop.inputs if g.part != "parameter"]
            values = [f"self.{attributes.get(g.name, g.name)}" for g in taken]
            lines += [
                "",
                *_indented(signature("predict", ["self", *rest])),
                f'        """{written}."""',
                "        with torch.no_grad():",
                f"            return predict({', '.join([*values, *rest])})",
            ]
        self.texts.append("\n".join(lines) + "\n")
        self.listed.append("Model")

    def _rule(self) -> str:
        given = self.plan.inputs.given
        listed = [s for s in self.plan.sheet.parameters if s in self.plan.derivation.gradients]
        if listed and all(s in given for s in listed):
            return "at the values that the sheet gives"
        said = "normal with σ = 1/√columns for matrices, 0 for everything else (1 where it has to be positive)"
        return f"at the sheet's values where it gives them, else {said}" if any(s in given for s in listed) else said

    def _initial(self, symbol: Symbol) -> str:
        """The first value of a parameter."""
        printer = self.workshop.printer(())
        shape = printer.shape(symbol.axes) if symbol.axes else "()"
        held = self._given(symbol)
        if held is not None:
            if held.size and np.all(held == held.flat[0]):
                return f"torch.full({shape}, {float(held.flat[0])!r}, dtype=dtype)"
            return f"torch.tensor({held.tolist()!r}, dtype=dtype)"
        if symbol.domain.low is not None and symbol.domain.low >= 0:
            return f"torch.ones({shape}, dtype=dtype)"
        if len(symbol.axes) >= 2:
            columns = printer.extent(symbol.axes[-1])
            return f"torch.randn({shape}, dtype=dtype) / {columns if columns.isalnum() else f'({columns})'} ** 0.5"
        return f"torch.zeros({shape}, dtype=dtype)"

    def _given(self, symbol: Symbol) -> Any:
        """The value of the sheet, where it fits the shape that the program has."""
        argument = next(a for a in self.plan.program.arguments if a.symbol is symbol)
        own = next((s for s in self.plan.inputs.values if s.name == argument.name), None)
        if own is None or own not in self.plan.inputs.given:
            return None
        value = self.plan.inputs.values[own]
        if argument.member is not None:
            value = value.get(argument.member) if isinstance(value, dict) else None
        if value is None or any(not a.high.is_constant for a in symbol.axes):
            return None
        return np.vectorize(float, otypes=[float])(np.asarray(value, dtype=object))

    # ------------------------------------------------------------ the module

    def imports(self, text: str) -> list[str]:
        plain = [f"import {n}" for n in ("itertools", "math") if re.search(rf"\b{n}\.", text)]
        found = ["import torch"]
        if re.search(r"\bF\.[a-z]", text):
            found.append("import torch.nn.functional as F")
        if "nn.Module" in text:
            found.append("from torch import nn")
        if "once_differentiable" in text:
            found.append("from torch.autograd.function import once_differentiable")
        return [*plain, *([""] if plain else []), *found]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


__all__ = ["TorchFile"]
