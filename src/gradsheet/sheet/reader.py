"""From a syntax tree to a sheet: statements in order, families, parameters, objective, updates, values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar
from unicodedata import normalize

from gradsheet.diagnostics import Diagnostics, Note, SheetError, Source
from gradsheet.expressions import Affine, Index, OverData, Role, Symbol, paused_collection, walk
from gradsheet.operations import ARRAY_SPELLINGS, ELEMENTWISE_SPELLINGS
from gradsheet.sheet.closing import close_sizes
from gradsheet.sheet.declarations import DeclarationReader
from gradsheet.sheet.definitions import DefinitionReader, Outline
from gradsheet.sheet.expressions import ExpressionReader
from gradsheet.sheet.model import GivenValue, Objective, Rate, Sheet, UpdateRule
from gradsheet.sheet.ranges import flatten_subscript
from gradsheet.sheet.scope import Scope
from gradsheet.sheet.sizes import SizeTable
from gradsheet.sheet.tensors import Tensor, Unreadable, atoms, fresh_indices
from gradsheet.syntax import canonical_key, parse_document, tree
from gradsheet.syntax.traversal import unlabelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WORD = re.compile(r"[^\W\d]\w*[\u0300-\u036f]*\w*")
S = TypeVar("S", bound=tree.Statement)
_BUILTIN_LETTERS = {"e", "π", "I"}


def load_sheet(source: Source) -> Sheet:
    """Parse and read a text; mistakes of spelling, names and shapes that are independent appear together."""
    with paused_collection():
        return _load(source)


def _load(source: Source) -> Sheet:
    diagnostics = Diagnostics(source)
    document = parse_document(source, diagnostics)
    if not diagnostics.errors and not document.statements:
        diagnostics.error("GS001", "the sheet is empty", expected="declarations and equations, such as y = 1/2 x")
        diagnostics.raise_errors()
    if not diagnostics.errors:
        return read_sheet(document, source, diagnostics)
    reader = SheetReader(document, source, Diagnostics(source))
    broken = {source.position(e.span.start)[0] for e in diagnostics.errors if e.span is not None}
    for line in broken:
        # What a line that cannot be read would have introduced is not reported as unknown.
        reader.expressions.poisoned.update(canonical_key(n) for n in _WORD.findall(source.line(line)))
    unlayered = any(e.code in {"GS103", "GS104", "GS107"} for e in diagnostics.errors)
    if not unlayered or len(broken) < len(document.statements):
        reader.read()
        missing = {"GS207", "GS210"}
        diagnostics.errors.extend(e for e in reader.diagnostics.errors if e.code not in missing)
    raise SheetError(tuple(sorted(diagnostics.errors, key=lambda e: e.span.start if e.span else 0)))


def read_sheet(document: tree.Document, source: Source, diagnostics: Diagnostics | None = None) -> Sheet:
    """Bind every name, check every shape, order the definitions; raises `SheetError` with all that is wrong."""
    diagnostics = diagnostics or Diagnostics(source)
    reader = SheetReader(document, source, diagnostics)
    sheet = reader.read()
    diagnostics.raise_errors()
    return sheet


class SheetReader:
    """Reads the statements of one document, each on its own, so that independent errors appear together."""

    def __init__(self, document: tree.Document, source: Source, diagnostics: Diagnostics) -> None:
        document = unlabelled(document)
        self.sheet = Sheet(source, document)
        self.diagnostics = diagnostics
        self.sizes = SizeTable()
        self.expressions = ExpressionReader(self.sheet, diagnostics, self.sizes)
        self.declarations = DeclarationReader(self.expressions)
        self.outline = Outline.of(document)
        self.definitions = DefinitionReader(self.expressions, self.outline)
        self.done: list[tree.Statement] = []
        """Definitions that were read before their turn."""

    def read(self) -> Sheet:
        statements = self.sheet.document.statements
        scope = Scope()
        for statement in statements:  # declarations may stand anywhere at the top level
            match statement:
                case tree.Sizes():
                    self._attempt(self.declarations.sizes, statement, scope)
                case tree.Declaration():
                    self._attempt(self.declarations.declare, statement, scope)
                case _:
                    pass
        for statement in statements:
            if isinstance(statement, tree.Assumption):
                self._attempt(self.declarations.assume, statement, scope)
        self.expressions.later = dict(self.outline.places)
        self._definitions(statements, scope)
        self.expressions.later = {}
        for statement in statements:
            self._task(statement, scope)
        self._default_parameters()
        self._initialisations(statements, scope)
        for span in self.sizes.open_sizes:
            self.diagnostics.error("GS207", "nothing tells the size of I here", span, suggestion="eye(n) says it")
        if not self.diagnostics.errors:
            close_sizes(self.sheet, self.sizes)
        self._say_shadowed()
        self.sheet.remarks = list(self.diagnostics.remarks)
        return self.sheet

    def _attempt(self, action: Callable[[S, Scope], None], statement: S, scope: Scope) -> None:
        try:
            action(statement, scope)
        except Unreadable:
            self.expressions.poisoned.update(_names_of(statement))

    def _definitions(self, statements: Sequence[tree.Statement], scope: Scope) -> None:
        for position, statement in enumerate(statements):
            if any(statement is d for d in self.done):
                continue
            if isinstance(statement, tree.Family):
                self._end_cases_first(statement, statements[position + 1 :], scope)
            match statement:
                case tree.Definition():
                    self._attempt(self.definitions.define, statement, scope)
                    for key in _names_of(statement):
                        self.expressions.later.pop(key, None)
                case tree.Family(indices=indices, body=body):
                    try:
                        bound = self.expressions.bind(indices, None, scope)
                    except Unreadable:
                        for inner in body:
                            self.expressions.poisoned.update(_names_of(inner))
                        continue
                    inside = scope.with_indices(bound)
                    inside = Scope(
                        inside.indices, inside.locals, inside.facts, inside.frames, scope.families | set(bound.values())
                    )
                    for inner in body:
                        if isinstance(inner, tree.Declaration):
                            self._attempt(self.declarations.declare, inner, inside)
                    self._definitions(body, inside)
                case _:
                    pass

    def _end_cases_first(self, family: tree.Family, later: Sequence[tree.Statement], scope: Scope) -> None:
        """A recursion that is written before its end case: the end case tells the shape."""
        own = {n for n in _names_of(family) if n not in self.sheet.symbols and self.outline.reaches(n, n)}
        for statement in later:
            if isinstance(statement, tree.Definition) and isinstance(statement.target, tree.Subscript):
                name = Outline.target_name(statement.target)
                if name is not None and name.key in own and name.key in self.outline.bases:
                    self._attempt(self.definitions.define, statement, scope)
                    self.done.append(statement)

    # ------------------------------------------------------------ what is asked

    def _task(self, statement: tree.Statement, scope: Scope) -> None:
        match statement:
            case tree.Parameters():
                self._attempt(self._parameters, statement, scope)
            case tree.Objective():
                self._attempt(self._objective, statement, scope)
            case tree.Pullback():
                self._attempt(self._pullback, statement, scope)
            case tree.Update():
                self._attempt(self._update, statement, scope)
            case tree.Given():
                self._attempt(self._given, statement, scope)
            case _:
                pass

    def _initialisations(self, statements: Sequence[tree.Statement], scope: Scope) -> None:
        """Rules by which parameters begin; what they say is read where training begins."""
        for statement in statements:
            match statement:
                case tree.Initialisation(targets=targets):
                    sound = [self._is_parameter(name, scope) for name in targets]
                    if all(sound):
                        self.sheet.initialisations.append(statement)
                case tree.Family(body=body):
                    self._initialisations(body, scope)
                case _:
                    pass

    def _is_parameter(self, target: tree.Name | tree.Subscript, scope: Scope) -> bool:
        base: tree.Expression = target
        if isinstance(target, tree.Subscript):
            base, _ = flatten_subscript(target)
        assert isinstance(base, tree.Name)
        symbol = self.sheet.symbols.get(base.key)
        if symbol is None:
            if base.key not in self.expressions.poisoned:
                self.expressions.unknown(base, scope)
            return False
        if symbol not in self.sheet.parameters:
            known = ", ".join(s.name for s in self.sheet.parameters)
            self.diagnostics.error(
                "GS213", f"'{base.text}' is no parameter, so it begins nowhere", target.span,
                suggestion=f"parameters are {known}" if known else "name it under `parameters`",
            )  # fmt: skip
            return False
        return True

    def _parameters(self, statement: tree.Parameters, scope: Scope) -> None:
        found = dict.fromkeys(self.sheet.parameters)
        inputs = set(self.sheet.inputs)
        for name in statement.names:
            symbol = self.sheet.symbols.get(name.key)
            if symbol is None:
                if name.key not in self.expressions.poisoned:
                    self.expressions.unknown(name, scope)
                continue
            if symbol not in inputs:
                kind = "a function" if symbol.role is Role.FUNCTION else "computed by an equation"
                self.diagnostics.error(
                    "GS213",
                    f"'{name.text}' cannot be a parameter: it is {kind}",
                    name.span,
                    suggestion="parameters are declared with a set and have no equation",
                )
            elif symbol.is_integer or symbol.domain.kind in {"finite", "onehot"}:
                self.diagnostics.error(
                    "GS213",
                    f"'{name.text}' cannot be a parameter: it takes separate values, so nothing can be differentiated",
                    name.span,
                )
            else:
                found[symbol] = None
        self.sheet.parameters = tuple(found)

    def _objective(self, statement: tree.Objective, scope: Scope) -> None:
        if self.sheet.objective is not None:
            raise self.expressions.fail(
                "GS203", "the sheet states two objectives", statement.span, "join them with weights: minimize L1 + λ L2"
            )
        value = self.expressions.read(statement.value, scope)
        if value.rank:
            if not self.expressions.rules.is_one(value):
                raise self.expressions.fail(
                    "GS211",
                    f"the objective must be a scalar, and is {value.describe()}",
                    statement.value.span,
                    "sum it, take a norm, or write `pullback y` for its backward pass with any upstream gradient",
                )
            value = self.expressions.rules.as_scalar(value, statement.value.span, "the objective")
        core = statement.value
        while isinstance(core, tree.Group) and len(core.items) == 1:
            core = core.items[0]
        symbol = self.sheet.symbols.get(core.key) if isinstance(core, tree.Name) else None
        if symbol is not None and symbol.rank:
            symbol = self.definitions.anonymous(self._objective_name(), value, span=statement.value.span)
        if symbol is None:
            symbol = self.definitions.anonymous(self._objective_name(), value, span=statement.value.span)
        if symbol.role is not Role.DEFINITION:
            raise self.expressions.fail(
                "GS210",
                f"'{symbol.name}' is declared, not computed: there is nothing to differentiate",
                statement.value.span,
            )
        self.sheet.objective = Objective(statement.sense, symbol, statement)
        if statement.method is not None:
            self._method(statement.method)

    def _objective_name(self) -> str:
        taken = self.sheet.symbols
        return next(n for n in ("J", "objective", "Objective", "J_total", "J_objective") if n not in taken)

    def _method(self, method: tree.Method) -> None:
        if method.name.key.lower() not in {"sgd", "gd"}:
            raise self.expressions.fail(
                "GS108",
                f"the method '{method.name.text}' is not known here",
                method.name.span,
                "by sgd(η = 0.1), or an `update` block with your own rule",
            )
        names = ("η", "eta", "rate", "lr", "α", "γ", "ε", "step", "learning_rate", "learningrate")
        for name, value in method.settings:
            if name.key not in names:
                raise self.expressions.fail("GS108", f"sgd has no setting '{name.text}'", name.span, "sgd(η = 0.1)")
            self.sheet.rate = Rate(name.text if name.key != "η" else "η", value)
        if self.sheet.rate is None:
            raise self.expressions.fail("GS401", "sgd needs its learning rate", method.span, "sgd(η = 0.1)")

    def _pullback(self, statement: tree.Pullback, scope: Scope) -> None:
        found = list(self.sheet.pullbacks)
        for name in statement.names:
            symbol = self.sheet.symbols.get(name.key)
            if symbol is None:
                self.expressions.unknown(name, scope)
            elif symbol.role is not Role.DEFINITION:
                self.diagnostics.error("GS210", f"'{name.text}' is not computed by an equation", name.span)
            else:
                found.append(symbol)
        self.sheet.pullbacks = tuple(found)

    def _update(self, statement: tree.Update, scope: Scope) -> None:
        rules = list(self.sheet.updates)
        for assignment in statement.assignments:
            try:
                rules.append(self._assignment(assignment, scope))
            except Unreadable:
                continue
        self.sheet.updates = tuple(rules)

    def _assignment(self, assignment: tree.Assignment, scope: Scope) -> UpdateRule:
        target: tree.Expression = assignment.target
        items: Sequence[tree.Expression | tree.Slice] = ()
        if isinstance(target, tree.Subscript):
            target, items = flatten_subscript(target)
        assert isinstance(target, tree.Name)
        symbol = self.expressions.symbol(target, scope)
        if symbol is None:
            raise self.expressions.unknown(target, scope)
        if symbol.role is not Role.INPUT:
            raise self.expressions.fail(
                "GS213", f"'{target.text}' is computed by an equation and cannot be updated", target.span
            )
        if assignment.ranges:
            scope = scope.with_indices(self.expressions.bind(assignment.ranges, assignment.value, scope))
        pattern: list[Affine] = []
        free: list[Index] = []
        named: dict[str, Index] = {}
        for item, axis in zip(items, fresh_indices(symbol.axes), strict=False):
            if isinstance(item, tree.Name) and item.key not in scope.indices and item.key not in self.sheet.sizes:
                index = Index(item.text, axis.low, axis.high)
                named[item.key] = index
                free.append(index)
                pattern.append(Affine.atom(index))
            elif isinstance(item, tree.Slice):
                raise self.expressions.fail("GS108", "a slice cannot be updated; name an index", item.span)
            else:
                at = self.expressions.affine(item, scope)
                pattern.append(at)
                free.extend(i for i in scope.indices.values() if any(a is i for a in at.atoms()))
        inner = scope.with_indices(named)
        value = self.expressions.read(assignment.value, inner)
        mapping = dict(zip(symbol.axes, pattern, strict=False))
        rest = [
            Index(a.name, a.low.substitute(mapping), a.high.substitute(mapping)) for a in symbol.axes[len(pattern) :]
        ]
        if rest and value.rank == 0:
            value = Tensor(tuple(rest), value.body)
        goal = Tensor(tuple(rest), value.body)
        if value.rank != len(rest):
            raise self.expressions.fail(
                "GS301", f"'{target.text}' is {goal.describe()}, the new value is {value.describe()}", assignment.span
            )
        for a, b in zip(rest, value.indices, strict=True):
            self.expressions.rules.conform(a, b, assignment.span, f"the update of '{target.text}'")
        full = Tensor((*free, *value.indices), value.body)
        return UpdateRule(symbol, (*pattern, *atoms(value.indices)), full.function, assignment)

    def _given(self, statement: tree.Given, scope: Scope) -> None:
        seen: dict[str, tree.Name | tree.Subscript] = {}
        for target, value in statement.values:
            base: tree.Expression = target
            items: tuple[tree.Expression | tree.Slice, ...] = ()
            if isinstance(target, tree.Subscript):
                base, items = flatten_subscript(target)
            assert isinstance(base, tree.Name)
            key = base.key
            known = key in self.sheet.symbols or key in self.sheet.sizes or key in self.sheet.size_families
            cotangents = {f"{s.name}̄" for s in self.sheet.pullbacks}
            if not known and not _is_cotangent(key, self.sheet.pullbacks, cotangents):
                if key not in self.expressions.poisoned:
                    self.expressions.unknown(base, scope)
                continue
            if key in self.sheet.symbols and self.sheet.symbols[key].role is not Role.INPUT:
                self.diagnostics.error(
                    "GS203", f"'{base.text}' is computed by an equation, and a value is given too", target.span
                )
                continue
            if key in seen and not items:
                self.diagnostics.error(
                    "GS203",
                    f"'{base.text}' is given twice",
                    target.span,
                    notes=[Note("first given here", seen[key].span)],
                )
                continue
            seen[key] = target
            members = tuple(i for i in items if not isinstance(i, tree.Slice))
            self.sheet.given.append(GivenValue(key, members, value, target))

    def _default_parameters(self) -> None:
        """`minimize L` without parameters leaves the choice open; `derive` may still name variables."""
        for equation in self.sheet.equations:
            for node in walk(equation.body):
                if isinstance(node, OverData) and (
                    self.sheet.objective is None or equation.symbol is not self.sheet.objective.symbol
                ):
                    span = equation.syntax.span if equation.syntax else None
                    self.diagnostics.error(
                        "GS108",
                        "`mean` or `sum` of a scalar runs over the data and stands in the objective only",
                        span,
                        suggestion="minimize mean L + …; or sum over an index: 1/N sum[i] …",
                    )

    def _say_shadowed(self) -> None:
        for key, symbol in self.sheet.symbols.items():
            if symbol.span is not None and (
                key in ELEMENTWISE_SPELLINGS or key in ARRAY_SPELLINGS or key in _BUILTIN_LETTERS
            ):
                self.diagnostics.remark(
                    f"'{symbol.name}' is the sheet's own name here, not the built-in one", symbol.span
                )
        plain = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
        for key, symbol in self.sheet.symbols.items():
            if key != key.translate(plain) and key.translate(plain) in self.sheet.symbols:
                self.diagnostics.remark(f"'{key}' and '{key.translate(plain)}' are two names", symbol.span)
        for key in self.sheet.unspecified:
            if key in ELEMENTWISE_SPELLINGS:
                self.diagnostics.remark(f"'{key}' is the sheet's own function here, not the built-in one")


def _is_cotangent(key: str, pullbacks: Sequence[Symbol], marked: set[str]) -> bool:

    return normalize("NFC", key) in {normalize("NFC", m) for m in marked} or any(
        key == f"{s.name}bar" for s in pullbacks
    )


def _names_of(statement: tree.Statement) -> set[str]:
    """The names that a statement would have introduced."""
    match statement:
        case tree.Declaration(names=names):
            bases = (n if isinstance(n, tree.Name) else n.base for n in names)
            return {b.key for b in bases if isinstance(b, tree.Name)}
        case tree.Definition(target=target):
            name = Outline.target_name(target)
            return {name.key} if name else set()
        case tree.Sizes(names=names):
            return {n.key for n, _ in names}
        case tree.Family(body=body):
            return set().union(*(_names_of(s) for s in body)) if body else set()
        case _:
            return set()
