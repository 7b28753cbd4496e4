"""What a sheet is about and what it asks for, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax.front import without_front_matter

if TYPE_CHECKING:
    from gradsheet.sheet import Sheet
    from gradsheet.solution import Solution


def steps_follow(solution: Solution) -> bool:
    """The sheet has an update, and the derivation is the one that it needs."""
    sheet, derivation = solution.sheet, solution.derivation
    wanted = sheet.objective is not None and derivation.targets == (sheet.objective.symbol,)
    return bool(sheet.updates or sheet.rate) and wanted and set(sheet.parameters) <= set(derivation.gradients)


def title(sheet: Sheet) -> str:
    """The comment at the head of the sheet."""
    lines = []
    for line in without_front_matter(sheet.source).text.splitlines():
        bare = line.strip()
        if bare.startswith("#"):
            lines.append(bare.lstrip("# ").rstrip())
        elif bare or lines:
            break
    return " ".join(x for x in lines if x)


def task(solution: Solution) -> str:
    """What is asked: the derivatives, and the step."""
    sheet, derivation = solution.sheet, solution.derivation
    places = {parameter: place for place, parameter in enumerate(sheet.parameters)}
    asked = sorted(derivation.gradients, key=lambda s: places.get(s, len(places)))
    found = [derivation.gradients[s] for s in asked] or derivation.adjoints[-1:]
    text = ", ".join(a.symbol.name for a in found)
    if derivation.cotangents:
        bars = ", ".join(c.name for c in derivation.cotangents.values())
        return f"{text} for any upstream gradient {bars}"
    steps = max(1, len(solution.states) - 1)
    if steps_follow(solution):
        text += ", then one step" if steps == 1 else f", then {steps} steps"
        if sheet.rate is not None and sheet.objective is not None and sheet.objective.syntax.method is not None:
            way = "up" if sheet.objective.sense == "maximize" else "down"
            text += f" {way} the gradient"
    return text
