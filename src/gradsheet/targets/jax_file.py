"""A module for JAX: the plain functions, and the objective with its derived backward pass as a custom_vjp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.targets.functions import signature, unpack
from gradsheet.targets.plain_file import PlainFile, tupled
from gradsheet.targets.splitting import Split, split, used

if TYPE_CHECKING:
    from gradsheet.targets.functions import Group

_NO_DERIVATIVE = '''def _not_derived(x):
    """nan, in place of a derivative that the sheet does not ask for; None for whole numbers."""
    return jnp.full_like(x, jnp.nan) if jnp.issubdtype(jnp.result_type(x), jnp.floating) else None
'''


class JaxFile(PlainFile):
    """The text of a module for JAX."""

    def values(self) -> None:
        if not self.plan.gradients:
            super().values()
            return
        assert self.plan.value is not None
        self._with_rule("value", [self.plan.value])

    def pullback(self) -> None:
        super().pullback()
        self._with_rule("function", self.plan.outputs)

    def _with_rule(self, name: str, outputs: list[Group]) -> None:
        """A function whose derivative is the derived one: forward, backward, and the two put together."""
        plan, workshop = self.plan, self.workshop
        parts = split(plan, outputs)
        arguments = plan.arguments
        out = [workshop.packed(g) for g in outputs]
        returned = out[0] if len(out) == 1 else tupled(out)
        backward, saved = self._backward(parts)
        forward, _ = workshop.body(parts.forward, [s for g in outputs for s in g.symbols], parts.given)
        text = "\n".join([*forward, returned, *saved])
        self.texts.append(
            "\n".join([
                *signature("_forward", [g.name for g in arguments]),
                f'    """{", ".join(g.written for g in outputs)}, and what the backward pass needs."""',
                *_indented([*unpack(arguments, workshop.names, text), *forward]),
                f"    return {returned}, {tupled(saved) if saved else '()'}",
            ]) + "\n"
        )  # fmt: skip
        self.texts.append(backward)
        by = ", ".join(a.name for a, _ in plan.gradients)
        doc = [f"{', '.join(g.written for g in outputs)}; differentiable by {by}."]
        doc += self.shapes(arguments)
        body = ['"""' + doc[0], "", *doc[1:], '"""']
        self.texts.append(
            "\n".join([
                "@jax.custom_vjp",
                *signature(name, [g.name for g in arguments]),
                *_indented(body),
                f"    return _forward({', '.join(g.name for g in arguments)})[0]",
                "", "",
                f"{name}.defvjp(_forward, _backward)",
            ]) + "\n"
        )  # fmt: skip
        self.listed.append(name)

    def _backward(self, parts: Split) -> tuple[str, list[str]]:
        """The backward pass, and the names of what it is handed."""
        plan, workshop = self.plan, self.workshop
        derived = {a.name: d for a, d in plan.gradients}
        cotangents = [g.name for g in plan.cotangents]
        upstream = workshop.names.copy().fresh("upstream")
        lines, _ = workshop.body(parts.backward, parts.results, [*parts.saved, *parts.cotangents])
        results = []
        for group in plan.arguments:
            if group.name in derived:
                scale = "" if plan.cotangents else f"{upstream} * "
                names = [f"{scale}{workshop.names.of[s]}" for s in derived[group.name].symbols]
                results.append(f"[{', '.join(names)}]" if group.members else names[0])
            else:
                kept = workshop.names.of[group.symbols[0]] if not group.members else None
                results.append("None" if kept is None else f"_not_derived({kept})")
        saved = [workshop.names.of[s] for s in used(parts.saved, plan, [*lines, *results])]
        head = [f"{', '.join(saved)}{',' if len(saved) == 1 else ''} = saved"] if saved else []
        entered = upstream if not cotangents else cotangents[0] if len(cotangents) == 1 else "upstream"
        if len(cotangents) > 1:
            head.append(f"{', '.join(cotangents)} = upstream")
        text = [
            f"def _backward({'saved' if saved else '_'}, {entered}):",
            '    """The derived backward pass."""',
            *_indented([*head, *lines]),
            "    return (",
            *(f"        {r}," for r in results),
            "    )",
        ]
        return "\n".join(text) + "\n", saved

    def assembled(self) -> str:
        if any("_not_derived(" in text for text in self.texts):
            self.texts.insert(0, _NO_DERIVATIVE)
        return super().assembled()


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


__all__ = ["JaxFile"]
