"""What a function takes: its positional parameters, in order."""

from __future__ import annotations

import inspect
from typing import Any

from gradsheet.auditing.peers.model import Parameter


def parameters_of(function: Any, *, skip: int) -> tuple[tuple[Parameter, ...], bool]:
    """The positional parameters of a function after the first `skip`, and whether it takes any number."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return (), True
    found, variadic = [], False
    for parameter in list(signature.parameters.values())[skip:]:
        if parameter.kind is parameter.VAR_POSITIONAL:
            variadic = True
        elif parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}:
            found.append(Parameter(parameter.name, parameter.default is parameter.empty))
    return tuple(found), variadic
