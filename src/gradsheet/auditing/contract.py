"""Which symbol of the sheet each parameter of a function is, what its outputs are, and by what it has gradients."""

from __future__ import annotations

import ast
import re
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

import numpy as np

from gradsheet.derivation import derive, needed_inputs
from gradsheet.diagnostics import Diagnostic, SheetError, Source
from gradsheet.evaluation.literals import read_literal
from gradsheet.evaluation.named import symbol_depth
from gradsheet.expressions import Call, OverData, Size, Symbol, Unspecified, walk
from gradsheet.records import dataclass
from gradsheet.syntax import canonical_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.auditing.peers import Description, Parameter
    from gradsheet.derivation import Derivation
    from gradsheet.sheet import Sheet

Form = Literal["array", "index", "bool", "int"]
_FORMS: Final[dict[str, Form]] = {"index": "index", "bool": "bool", "int": "int"}
_ALIASES: Final = {"eps": "ε", "lam": "λ"}
_WRAPPED = re.compile(r"(index|bool|int)\((.+)\)")


@dataclass(frozen=True, slots=True)
class Bound:
    """One argument of the function: a symbol of the sheet in some form, a size, or a value of Python."""

    parameter: str
    symbol: Symbol | None = None
    size: Size | None = None
    value: Any = None
    form: Form = "array"
    wanted: bool = False
    """Whether a gradient by it is looked at."""


@dataclass(slots=True)
class Contract:
    """A sheet and a function, matched."""

    sheet: Sheet
    derivation: Derivation
    arguments: tuple[Bound, ...]
    outputs: tuple[Symbol, ...]
    required: frozenset[Symbol]
    """Symbols whose gradient must be there: the sheet's parameters."""
    constants: dict[Symbol, float] = field(default_factory=dict)
    sizes: dict[Size, int] = field(default_factory=dict)
    over_data: bool = False
    """The objective is a mean or a sum over the rows of the data."""
    batch: frozenset[Symbol] = frozenset()
    """Inputs of which the function takes many, one in each row, where the sheet states one example."""

    @property
    def wanted(self) -> list[Symbol]:
        """What the gradients are by, in the order of the function's parameters."""
        return [a.symbol for a in self.arguments if a.wanted and a.symbol is not None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user says about the match: `inputs` in the function's order, outputs, constants, sizes."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    batch: tuple[str, ...] = ()
    """Inputs of which the function takes rows."""


def agree(sheet: Sheet, function: Description, wishes: Wishes) -> Contract:
    """The contract of a sheet and a function; raises `SheetError` where they cannot be matched."""
    return _Matching(sheet, function, wishes).contract()


class _Matching:
    def __init__(self, sheet: Sheet, function: Description, wishes: Wishes) -> None:
        self.sheet, self.function, self.wishes = sheet, function, wishes
        self.symbols = {canonical_key(s.name): s for s in sheet.symbols.values() if s not in sheet.functions}
        self.inputs = {canonical_key(s.name): s for s in sheet.inputs}
        self.sizes = {canonical_key(name): size for name, size in sheet.sizes.items()}

    def fail(self, code: str, message: str, suggestion: str | None = None) -> NoReturn:
        raise SheetError((Diagnostic(code, message, None, self.sheet.source, None, suggestion),))

    # ------------------------------------------------------------ the whole

    def contract(self) -> Contract:
        outputs = self.outputs()
        arguments = self.arguments()
        by = self.differentiated(arguments)
        derivation, over_data = self.derivation(outputs, by)
        by = tuple(derivation.gradients)
        arguments = tuple(replace(a, wanted=a.symbol in by) for a in arguments)
        for symbol in [a.symbol for a in arguments if a.symbol is not None]:
            if symbol_depth(symbol):
                self.fail("GS909", f"'{symbol.name}' is a family whose members have shapes of their own, no array")
        required = frozenset(s for s in self.sheet.parameters if s in by)
        result = Contract(self.sheet, derivation, arguments, outputs, required, over_data=over_data)
        result.batch = self.batch(result)
        self.settle(result)
        return result

    def outputs(self) -> tuple[Symbol, ...]:
        """As asked for, else what the sheet pulls back, else its objective."""
        named = []
        for name in self.wishes.outputs:
            symbol = self.symbols.get(canonical_key(name))
            if symbol is None or not self.sheet.equations_of(symbol):
                known = ", ".join(dict.fromkeys(e.symbol.name for e in self.sheet.equations))
                self.fail("GS904", f"'{name}' is not computed by the sheet", f"--outputs takes some of {known}")
            named.append(symbol)
        if named:
            return tuple(named)
        if self.sheet.pullbacks:
            return self.sheet.pullbacks
        if self.sheet.objective is not None:
            return (self.sheet.objective.symbol,)
        return self.fail("GS909", "the sheet states no output", "add `pullback y` or `minimize L`, or say --outputs y")

    # ------------------------------------------------------------ arguments

    def arguments(self) -> tuple[Bound, ...]:
        parameters = self.function.parameters
        if self.wishes.inputs:
            return self.stated(parameters)
        if self.function.variadic and not parameters:
            self.fail("GS904", f"{self.function.name} takes any arguments, so their names have to be told", self.way())
        found: list[Bound] = []
        for parameter in parameters:
            bound = self.named(parameter.name)
            if bound is not None:
                found.append(bound)
            elif parameter.required:
                said = f"the parameter '{parameter.name}' of {self.function.name} is no name of the sheet"
                self.fail("GS904", said, self.way())
            else:
                break  # this one and what follows keep their defaults: arguments are passed by place
        skipped = parameters[len(found) :]
        late = [p.name for p in skipped if self.named(p.name) is not None]
        if late:
            said = f"'{skipped[0].name}' stands before {late[0]} and is no name of the sheet"
            self.fail("GS904", said, self.way())
        return tuple(found)

    def way(self) -> str:
        names = ", ".join([*(s.name for s in self.sheet.inputs), *self.sheet.sizes])
        return f"--inputs names them in order, each one of {names}, or a value such as 0.5 or None"

    def stated(self, parameters: Sequence[Parameter]) -> tuple[Bound, ...]:
        """`--inputs x,index(y),1e-5`: one for each parameter, in order."""
        given = self.wishes.inputs
        least = sum(p.required for p in parameters)
        most = None if self.function.variadic else len(parameters)
        if len(given) < least or (most is not None and len(given) > most):
            takes = f"{least}" if most == least else f"{least} to {most}" if most is not None else f"{least} or more"
            self.fail("GS904", f"{self.function.name} takes {takes} arguments, and --inputs names {len(given)}")
        names = [p.name for p in parameters] + [f"argument {k + 1}" for k in range(len(parameters), len(given))]
        return tuple(self.told(name, text.strip()) for name, text in zip(names, given, strict=False))

    def told(self, parameter: str, text: str) -> Bound:
        wrapped = _WRAPPED.fullmatch(text)
        form: Form = _FORMS[wrapped[1]] if wrapped else "array"
        bound = self.named(wrapped[2] if wrapped else text)
        if bound is not None and bound.symbol is not None:
            if form == "index" and bound.symbol.domain.kind != "onehot":
                self.fail("GS904", f"index(…) takes a one-hot name, and {bound.symbol.name} is none")
            return replace(bound, parameter=parameter, form=form)
        if bound is not None:
            return replace(bound, parameter=parameter)
        try:
            return Bound(parameter, value=ast.literal_eval(text))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            self.fail("GS904", f"'{text}' is neither a name of the sheet nor a value", self.way())

    def named(self, name: str) -> Bound | None:
        for key in (canonical_key(name), _ALIASES.get(name, "")):
            if key in self.inputs:
                return Bound(name, symbol=self.inputs[key])
            if key in self.sizes:
                return Bound(name, size=self.sizes[key])
        return None

    def batch(self, contract: Contract) -> frozenset[Symbol]:
        """The inputs that come in rows."""
        passed = {a.symbol for a in contract.arguments}
        found = set()
        for name in self.wishes.batch:
            symbol = self.inputs.get(canonical_key(name))
            if symbol is None or symbol not in passed:
                self.fail("GS904", f"'{name}' is no input that {self.function.name} takes, and has no rows", self.way())
            found.add(symbol)
        if found and contract.over_data:
            self.fail("GS904", "the objective is over data already, so --batch says nothing new")
        graph = contract.derivation.graph
        still = [o.name for o in contract.outputs if found and not found & graph.needed_for(o)]
        if still:
            self.fail("GS904", f"{still[0]} is computed from none of {', '.join(self.wishes.batch)}, so it has no rows")
        return frozenset(found)

    # ------------------------------------------------------------ gradients

    def differentiated(self, arguments: Sequence[Bound]) -> tuple[Symbol, ...]:
        """Arrays of reals; a scalar only if the sheet calls it a parameter, or if there is nothing else."""
        usable = [
            a.symbol for a in arguments
            if a.symbol is not None and a.form == "array" and a.symbol.domain.kind in {"real", "simplex"}
        ]  # fmt: skip
        parameters = self.sheet.parameters
        found = [s for s in usable if s in parameters or (s.axes and s.domain.kind == "real")]
        if not found and not parameters:
            found = [s for s in usable if s.domain.kind == "real"]
        lacking = [s.name for s in parameters if s not in usable]
        if not found:
            said = f"none of its parameters is {', '.join(lacking)}" if lacking else "it takes no array of reals"
            self.fail("GS904", f"{self.function.name} has nothing that a gradient is by: {said}", self.way())
        return tuple(dict.fromkeys(found))

    def derivation(self, outputs: tuple[Symbol, ...], by: tuple[Symbol, ...]) -> tuple[Derivation, bool]:
        """The pullback of the outputs, whatever the sheet asks for; an objective over data by its own gradient."""
        sheet = self.sheet
        over_data = any(isinstance(n, OverData) for e in sheet.equations if e.symbol in outputs for n in walk(e.body))
        if over_data:
            lacking = [s for s in by if s not in sheet.parameters]
            by = tuple(s for s in by if s not in lacking)
            if not by:
                self.fail("GS909", "over data, gradients are by the sheet's parameters, and the function takes none")
            found = derive(replace(sheet, updates=(), pullbacks=()), outputs[0], by)
        else:
            found = derive(replace(sheet, objective=None, updates=(), pullbacks=outputs), None, by)
        for equation in found.graph.equations:
            for node in walk(found.graph.body(equation)):
                if isinstance(node, Call) and isinstance(node.function, Unspecified):
                    self.fail("GS909", f"the function {node.function.name} is not specified, so there are no numbers")
        return found, over_data

    # ------------------------------------------------------------ constants

    def settle(self, contract: Contract) -> None:
        """Sizes and scalars that are not drawn: as --set and --size say, else as the sheet gives them."""
        given: dict[str, Any] = {}
        for line in self.sheet.given:
            if not line.members:
                value = read_literal(line.value, self.sheet.source)
                if not isinstance(value, np.ndarray | list):
                    given[canonical_key(line.key)] = value
        stated = {canonical_key(name): value for name, value in self.wishes.values.items()}
        passed = {a.symbol for a in contract.arguments}
        for key, value in {**given, **stated}.items():
            if key in self.sizes:
                contract.sizes[self.sizes[key]] = self.whole(key, value)
                continue
            symbol = self.inputs.get(key)
            if symbol is None:
                self.fail("GS201", f"a value is set for '{key}', which the sheet does not declare")
            if symbol.axes or not np.isscalar(float(value) if not isinstance(value, list | tuple) else value):
                if key in stated:
                    self.fail("GS904", f"--set is for scalars, and '{key}' is an array, which is drawn at random")
                continue
            if key in stated or symbol not in passed:
                contract.constants[symbol] = float(value)
        for name, size in self.wishes.sizes.items():
            if canonical_key(name) not in self.sizes:
                known = ", ".join(self.sheet.sizes) or "it has none"
                self.fail("GS904", f"'{name}' is no size of the sheet", f"its sizes: {known}")
            contract.sizes[self.sizes[canonical_key(name)]] = size
        graph = contract.derivation.graph
        needed = needed_inputs(graph, graph.equations) - passed - set(contract.derivation.cotangents.values())
        open_ = sorted((s for s in needed if s not in contract.constants), key=lambda s: s.serial)
        if open_:
            first = open_[0]
            said = f"{self.function.name} takes no {first.name}, and the sheet gives it no value"
            way = f"--set {first.name}=…, as the function has it" if not first.axes else self.way()
            self.fail("GS904", said, way)

    def whole(self, key: str, value: Any) -> int:
        number = float(value)
        if number != int(number) or number < 1:
            self.fail("GS212", f"'{key}' is a size: a whole number is expected")
        return int(number)


def refusal(code: str, message: str, name: str, suggestion: str | None = None) -> SheetError:
    """One diagnostic about a function, to be raised."""
    return SheetError((Diagnostic(code, message, None, Source("", name), None, suggestion),))
