"""The test of an exported file: stored reference numbers, and the library's own check of derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.targets.identifiers import identifier
from gradsheet.targets.points import draw_point

if TYPE_CHECKING:
    from gradsheet.targets.functions import Group
    from gradsheet.targets.plan import Plan

_HEADS = {
    "numpy": ("import numpy as np",),
    "jax": ("import jax", "import jax.numpy as jnp", "import numpy as np", "from jax.test_util import check_grads"),
    "torch": ("import torch",),
}
_ARRAYS = {
    "numpy": "    return np.array(rows, dtype=np.int64 if whole else np.float64)",
    "jax": "    return jnp.array(rows, dtype=jnp.int64 if whole else jnp.float64)",
    "torch": "    return torch.tensor(rows, dtype=torch.int64 if whole else torch.float64)",
}
_AGREES = {
    "numpy": "    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)",
    "jax": "    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)",
    "torch": "    torch.testing.assert_close(torch.as_tensor(found), expected, rtol=1e-8, atol=1e-10)",
}
_DIFFERENCES = '''def differences(function, point, k):
    """Central differences of a scalar function by its k-th argument."""
    step = 1e-6
    members = point[k] if isinstance(point[k], list) else [point[k]]
    found = []
    for array in members:
        slopes = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + step
            above = function(*point)
            array[place] = kept - step
            below = function(*point)
            array[place] = kept
            slopes[place] = (above - below) / (2 * step)
        found.append(slopes)
    return found if isinstance(point[k], list) else found[0]
'''


class ExportTest:
    """The text of the test of one export, whose module is called `module`."""

    def __init__(self, plan: Plan, module: str) -> None:
        self.plan, self.module = plan, module
        self.target = plan.dialect.name
        self.point = draw_point(plan)
        self.blocks: list[str] = []

    def text(self) -> str:
        """The whole file."""
        plan = self.plan
        value, gradients = plan.value, [g for _, g in plan.gradients]
        if value is not None and plan.shows("value"):
            self._compare("value", "value(*ARGUMENTS)", [value], [])
        if value is not None and gradients:
            self._compare("gradient", "gradient(*ARGUMENTS)", [value], gradients)
            if plan.shows("value"):
                self._derivatives("value")
        if plan.outputs:
            self._compare("pullback", "pullback(*ARGUMENTS, *UPSTREAM)", plan.outputs, gradients)
            self._pullback()
        if plan.updates:
            self._compare("update", "update(*ARGUMENTS)", [], plan.updates, bare=True)
        for group in plan.others:
            name = self._function_of(group)
            self._compare(name, f"{name}(*ARGUMENTS)", [group], [])
        return "\n".join([*self._head(), "", "", *"\n\n\n".join(self.blocks).split("\n")]) + "\n"

    @staticmethod
    def _function_of(group: Group) -> str:
        return identifier(group.written)

    def _head(self) -> list[str]:
        plan, about = self.plan, self.plan.sheet.source.name.replace("\\", "/").rsplit("/", 1)[-1]
        imports = [*_HEADS[self.target]]
        if self.target == "jax" and not (plan.gradients and (plan.outputs or plan.shows("value"))):
            imports = [i for i in imports if "check_grads" not in i]
        lines = [
            f'"""Tests {self.module}.py, which was exported from {about}."""', "", *imports, "",
            f"import {self.module}", "",
        ]  # fmt: skip
        if self.target == "jax":
            lines += ['jax.config.update("jax_enable_x64", True)', ""]
        lines += ["", "def array(rows, *, whole=False):", _ARRAYS[self.target], "", ""]
        for name, groups in (("ARGUMENTS", plan.arguments), ("UPSTREAM", plan.cotangents)):
            if groups:
                lines += [f"{name} = [", *(f"    {self._value(g)},  # {g.name}" for g in groups), "]"]
        lines += ["", "", "def agree(found, expected):", _AGREES[self.target]]
        if self.target == "numpy" and plan.gradients and (plan.outputs or plan.shows("value")):
            lines += ["", "", *_DIFFERENCES.rstrip("\n").split("\n")]
        return lines

    def _value(self, group: Group) -> str:
        held = self.point.arguments[group.name]
        whole = group.symbols[0].is_integer
        return _listed(held, whole=whole) if group.members else _array(held, whole=whole)

    def _compare(
        self, name: str, call: str, first: list[Group], rest: list[Group], *, bare: bool = False
    ) -> None:
        """One function against the stored numbers."""
        lines = [f"def test_{name}_has_the_reference_numbers():"]
        names = [f"found_{k}" for k in range(len(first) + len(rest))]
        own, others = names[: len(first)], names[len(first) :]
        head = own[0] if len(own) == 1 else f"({', '.join(own)})" if own else ""
        tail = f"({', '.join(others)}{',' if len(others) == 1 else ''})"
        target = tail if bare else head if not rest else f"{head}, {tail}"
        lines.append(f"    {target} = {self.module}.{call}")
        for found, group in zip(names, [*first, *rest], strict=True):
            expected = self.point.results[group.name]
            parts = expected if group.members else [expected]
            for k, part in enumerate(parts):
                place = f"{found}[{k}]" if group.members else found
                lines.append(f"    agree({place}, {_array(part, whole=False)})  # {group.written}")
        self.blocks.append("\n".join(lines))

    def _derivatives(self, function: str) -> None:
        """The derived backward pass against the library's own check."""
        places = [k for k, g in enumerate(self.plan.arguments) if any(a is g for a, _ in self.plan.gradients)]
        call = f"{self.module}.{function}"
        match self.target:
            case "numpy":
                lines = [
                    "def test_the_gradient_agrees_with_central_differences():",
                    f"    _, gradients = {self.module}.gradient(*ARGUMENTS)",
                    f"    for k, gradient in zip({places}, gradients, strict=True):",
                    f"        slopes = differences({call}, ARGUMENTS, k)",
                    "        several = isinstance(slopes, list)",
                    "        pairs = zip(gradient, slopes, strict=True) if several else [(gradient, slopes)]",
                    "        for one, other in pairs:",
                    "            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)",
                ]
            case "jax":
                lines = [
                    "def test_the_derived_rule_passes_check_grads():",
                    "    def by(*parameters):",
                    "        point = list(ARGUMENTS)",
                    f"        for k, parameter in zip({places}, parameters, strict=True):",
                    "            point[k] = parameter",
                    f"        return {call}(*point)",
                    "",
                    f"    check_grads(by, [ARGUMENTS[k] for k in {places}], order=1, modes=['rev'])",
                    "    jax.jit(jax.grad(by))(*[ARGUMENTS[k] for k in " + f"{places}])" if function == "value"
                    else "    jax.jit(by)(*[ARGUMENTS[k] for k in " + f"{places}])",
                ]
            case _:
                lines = [
                    "def test_the_derived_backward_passes_gradcheck():",
                    "    point = []",
                    "    inputs = []",
                    "    for k, argument in enumerate(ARGUMENTS):",
                    "        members = argument if isinstance(argument, list) else [argument]",
                    f"        members = [m.clone().requires_grad_(k in {places}) for m in members]",
                    "        inputs += [m for m in members if m.requires_grad]",
                    "        point.append(members if isinstance(argument, list) else members[0])",
                    f"    assert torch.autograd.gradcheck(lambda *_: {call}(*point), inputs)",
                ]
        self.blocks.append("\n".join(lines))

    def _pullback(self) -> None:
        if self.target != "numpy":
            self._derivatives("function")
            return
        places = [k for k, g in enumerate(self.plan.arguments) if any(a is g for a, _ in self.plan.gradients)]
        outputs = len(self.plan.outputs)
        lines = [
            "def test_the_pullback_agrees_with_central_differences():",
            "    def paired(*arguments):",
            f"        outputs, _ = {self.module}.pullback(*arguments, *UPSTREAM)",
            *(["        outputs = [outputs]"] if outputs == 1 else []),
            "        return sum(np.sum(o * u) for o, u in zip(outputs, UPSTREAM, strict=True))",
            "",
            f"    _, gradients = {self.module}.pullback(*ARGUMENTS, *UPSTREAM)",
            f"    for k, gradient in zip({places}, gradients, strict=True):",
            "        np.testing.assert_allclose(gradient, differences(paired, ARGUMENTS, k), rtol=1e-5, atol=1e-6)",
        ]
        self.blocks.append("\n".join(lines))


def _array(value: Any, *, whole: bool) -> str:
    held = np.asarray(value)
    return f"array({held.tolist()!r}{', whole=True' if whole else ''})"


def _listed(values: list[Any], *, whole: bool) -> str:
    return f"[{', '.join(_array(v, whole=whole) for v in values)}]"


__all__ = ["ExportTest"]
