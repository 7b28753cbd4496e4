"""From the neutral tree of a formula to a tree whose names are names of the sheet, of the page, or index letters."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import fields, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gradsheet.checking.binding.patterns import folded
from gradsheet.checking.context import AliasRule, aliased
from gradsheet.checking.meaning.scope import Local, Scope
from gradsheet.checking.model import BoundName
from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.expressions import Role
from gradsheet.sheet.known import function_names, known_names
from gradsheet.syntax import canonical_key, tree
from gradsheet.syntax.binding import Unbound, bind
from gradsheet.syntax.plain import plain
from gradsheet.syntax.scripts import joined, spelled
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.written_names import Known, faces, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gradsheet.checking.context import Context
    from gradsheet.checking.meaning.points import Model
    from gradsheet.syntax.written_names import NameTable

_HOLE = re.compile(r"\{\s*([^\W\d_])\s*\}")
_TRANSPOSE = frozenset({"T", "⊤", "⊺", "ᵀ", "t", "tr"})


class BindingError(Exception):
    """A formula in which a name can be two things, or none."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Binder:
    """The names at one place of the page; grows as the page defines."""

    def __init__(self, model: Model, context: Context | None = None) -> None:
        self.model = model
        self.context = context
        self.views: dict[str, dict[int, tree.Expression]] = {}
        self.locals: dict[str, Local] = {}
        self.functions: dict[str, str] = {}
        self.numbers: dict[str, int] = {}
        self.rules: tuple[AliasRule, ...] = ()
        self.notes: list[BoundName] = []
        self.layered: set[str] = set()
        """Letters that carry a layer above them somewhere on the page: below them then stands an entry."""
        self.bare: set[str] = set()
        """Letters whose layer stands above them without brackets: a^l."""
        self.lettered: dict[str, dict[str, str]] = {}
        """Names that mean different things by the letter of their index: δ_k of the outputs, δ_j of the hidden units."""
        self._table: NameTable | None = None
        self._propose_views()
        if context is not None:
            self._take(context)

    # ------------------------------------------------------------ what is known

    def copy(self, model: Model) -> Binder:
        """The same names over another sheet with the same symbols."""
        other = Binder(model, self.context)
        other.views, other.locals = dict(self.views), dict(self.locals)
        other.functions, other.numbers = dict(self.functions), dict(self.numbers)
        other.rules, other.layered = self.rules, self.layered
        return other

    def scope(self) -> Scope:
        """What the interpreter needs."""
        conventions = None if self.context is None else self.context.conventions
        return Scope(
            dict(self.views),
            dict(self.locals),
            dict(self.functions),
            dict(self.numbers),
            layout=None if conventions is None else conventions.layout,
            rows=conventions is not None and conventions.vectors == "rows",
            einstein=conventions is not None and conventions.sums == "einstein",
            loose=conventions is not None and conventions.products == "loose",
        )

    @property
    def table(self) -> NameTable:
        """Every name, as the reader of LaTeX wants to know them."""
        if self._table is None:
            extra: dict[str, Known] = {}
            for key, view in self.views.items():
                first = next(iter(view.values()), None)
                rank = self._rank(first)
                extra[key] = Known(None if rank is None else rank + 1, family=True)
            for key, local in self.locals.items():
                if local.function:
                    extra[key] = Known(0, function=True)
                else:
                    rank = self._rank(local.body)
                    extra[key] = Known(
                        len(local.parameters) + (rank or 0) if local.parameters or rank is not None else None,
                        family=bool(local.parameters),
                    )
            for key in self.functions:
                extra[key] = Known(0, function=True)
            for key in self.numbers:
                extra.setdefault(key, Known(0))
            self._table = known_names(self.model.sheet).within(extra)
        return self._table

    def _rank(self, node: tree.Expression | None) -> int | None:
        """How many indices something carries, where it is a name of the sheet."""
        count = 0
        while isinstance(node, tree.Subscript):
            count += len(node.items)
            node = node.base
        if isinstance(node, tree.Derivative):
            return self._rank(node.by[-1])
        if not isinstance(node, tree.Name):
            return None
        symbol = self.model.symbols.get(node.key)
        return None if symbol is None else symbol.rank - count

    def changed(self) -> None:
        """Something new is known."""
        self._table = None

    def names(self) -> set[str]:
        """Everything that means something."""
        return {*self.model.symbols, *self.views, *self.locals, *self.functions, *self.numbers, *self.model.sheet.sizes}

    def define(self, local: Local) -> None:
        """A definition of the page."""
        self.locals[local.key] = local
        self.changed()

    def note(self, written_as: str, stands_for: str, origin: Any, line: int = 0, latex: str = "") -> None:
        """Say what a name was taken for."""
        found = BoundName(written_as, latex or written_as, stands_for, origin, line)
        if not any(n.written == found.written and n.stands_for == found.stands_for for n in self.notes):
            self.notes.append(found)

    def _propose_views(self) -> None:
        """W1, W2, W3 are also W[1], W[2], W[3]."""
        groups: dict[str, dict[int, tree.Expression]] = defaultdict(dict)
        for key, symbol in self.model.symbols.items():
            form = written(key)
            if form.below.isdigit() and symbol.role is not Role.FUNCTION:
                groups[form.base][int(form.below)] = _name(key)
        for base, view in groups.items():
            if base not in self.model.symbols and base not in self.model.sheet.sizes:
                self.views[base] = dict(sorted(view.items()))

    def _take(self, context: Context) -> None:
        """Aliases, schemes and numbers of a context."""
        rules = []
        for rule in context.aliases:
            origin = context.origin
            if self._as_view(rule):
                self.note(rule.written, rule.right or ", ".join(f"{k}: {v}" for k, v in rule.table.items()), origin)
                continue
            if not self._as_local(rule):
                rules.append(rule)
            self.note(rule.written, rule.right or ", ".join(f"{k}: {v}" for k, v in rule.table.items()), origin)
        self.rules = tuple(rules)
        for scheme in context.schemes:
            self._scheme(scheme)
        self.changed()

    def _as_view(self, rule: AliasRule) -> bool:
        """`W^{(l)}: W{l}` as a family of the sheet's names."""
        match rule.left:
            case tree.Power(base=tree.Name(key=key), exponent=tree.Group(items=(tree.Name(key=letter),))):
                pass
            case tree.Power(base=tree.Name(key=key), exponent=tree.Name(key=letter)):
                self.bare.add(folded(key))
            case tree.Lowered(base=tree.Name(key=key), items=(tree.Name(key=letter),)):
                pass
            case tree.Subscript(base=tree.Name(key=key), items=(tree.Name(key=letter),)):
                pass
            case _:
                return False
        if letter not in rule.parameters:
            return False
        members: dict[int, tree.Expression] = {}
        if rule.table:
            for number, text in rule.table.items():
                found = self._read(text)
                if found is not None:
                    members[int(number)] = found
        elif _HOLE.search(rule.right):
            for number in range(13):
                found = self._read(_HOLE.sub(str(number), rule.right))
                base = found
                while isinstance(base, tree.Subscript):
                    base = base.base
                if isinstance(base, tree.Name) and base.key in self.model.symbols and found is not None:
                    members[number] = found
        if not members:
            return False
        self.views[folded(key)] = {**self.views.get(folded(key), {}), **members}
        if isinstance(rule.left, tree.Power) and folded(key) not in self.bare:
            self.layered.add(folded(key))
        return True

    def _as_local(self, rule: AliasRule) -> bool:
        """`z_out: yout`: a name for a name."""
        if rule.parameters or rule.table:
            return False
        body = self._read(rule.right)
        if body is None:
            return False
        match rule.left:
            case tree.Name(key=key) if isinstance(body, tree.Name) and folded(key) == body.key:
                pass  # the sheet's own name
            case tree.Lowered(base=tree.Name(key=key), items=items) if (
                isinstance(body, tree.Name) and (part := spelled(items)) is not None and joined(folded(key), part) == body.key
            ):
                pass
            case tree.Name(key=key):
                self.define(Local(folded(key), (), body))
            case tree.Lowered(base=tree.Name(key=key), items=items) if (below := spelled(items)) is not None:
                self.define(Local(joined(folded(key), below), (), body))
            case _:
                return False
        return True

    def _read(self, text: str) -> tree.Expression | None:
        from gradsheet.syntax import parse_expression  # noqa: PLC0415 - the one place that reads a right side again

        source = Source(text)
        diagnostics = Diagnostics(source)
        try:
            return self.finished(parse_expression(source, diagnostics))
        except Exception:  # noqa: BLE001 - the context's reader has reported it
            return None

    def _scheme(self, scheme: Any) -> None:
        """`δ_q = ∂J/∂q` for every quantity q of the sheet."""
        try:
            of = self.bind(scheme.of, scheme.written)
        except BindingError:
            return
        for key, symbol in self.model.symbols.items():
            if symbol.role is Role.FUNCTION:
                continue
            derivative = tree.Derivative(of, (_name(key),))
            form = written(key)
            if scheme.prefix:
                self._scheme_name(scheme.prefix + form.base, form.below, derivative)
            else:
                match scheme.left:
                    case tree.Lowered(base=tree.Name(key=head)):
                        self.define(Local(joined(folded(head), key), (), derivative))
                    case tree.Product(factors=(tree.Factor(item=tree.Name(key=head)), *_)):
                        self._scheme_name(folded(head) + form.base, form.below, derivative)
                    case _:
                        pass
        self.note(scheme.written, plain(of) + " by each quantity", "context" if self.context is None else self.context.origin)

    def _scheme_name(self, base: str, below: str, derivative: tree.Expression) -> None:
        if below.isdigit():
            self.views.setdefault(base, {})[int(below)] = derivative
        self.define(Local(joined(base, below) if below else base, (), derivative))

    # ------------------------------------------------------------ proposals from the page

    def survey(self, trees: Iterable[tree.Expression], defined: set[str]) -> None:
        """Look at every formula of the page once: which letters carry layers, which spellings are close to known names."""
        letters: set[str] = set()
        words: set[tuple[str, str]] = set()
        for node in trees:
            for part in walk(node):
                match part:
                    case tree.Power(base=tree.Name(key=key), exponent=exponent) | tree.Power(
                        base=tree.Lowered(base=tree.Name(key=key)), exponent=exponent
                    ) if _is_layer(exponent):
                        self.layered.add(folded(key))
                        letters.add(folded(key))
                    case tree.Lowered(base=tree.Name(key=key), items=items):
                        below = spelled(items)
                        if below is not None:
                            words.add((folded(key), below))
                        letters.add(folded(key))
                    case tree.Name(key=key):
                        letters.add(folded(key))
                    case _:
                        pass
        known = self.names()
        for letter in sorted(letters):
            swapped = letter.swapcase()
            if letter in known or letter in defined or len(letter) != 1 or swapped in letters & known - self.views.keys():
                continue
            if swapped in self.views and letter in self.layered:
                self.views[letter] = self.views[swapped]
                self.note(f"{letter}⁽ˡ⁾", f"{swapped}{{l}}", "proposed")
        close: dict[str, list[str]] = defaultdict(list)
        for key in self.model.symbols:
            close[_normal(key)].append(key)
        for base, below in sorted(words):
            key = joined(base, below)
            if key in known or self.table.spelled(base, below) or key in defined or below.isdigit():
                continue
            found = close.get(_normal(base + below), [])
            if len(below) == 1 and base + below not in self.model.symbols:
                continue  # one letter below is an index, if no name is spelled so
            if len(found) == 1:
                self.define(Local(key, (), _name(found[0])))
                self.note(key, found[0], "proposed")
        self.changed()

    # ------------------------------------------------------------ binding one formula

    def bind(self, node: tree.Expression, text: str) -> tree.Expression:
        """The tree with bound names; raises `BindingError`."""
        source = Source(text)
        diagnostics = Diagnostics(source)
        ready = self.prepared(aliased(node, self.rules), text)
        try:
            found = bind(ready, self.table, diagnostics)
        except Unbound:
            problem = diagnostics.errors[-1] if diagnostics.errors else None
            raise BindingError(problem.message if problem is not None else "a name has two readings") from None
        return self.finished(found, text)

    def prepared(self, node: Any, text: str) -> Any:
        """Before names are bound: gradients by ∇, notes of shapes below a name, layers without brackets."""
        if isinstance(node, tuple):
            return tuple(self.prepared(part, text) for part in node)
        if not isinstance(node, tree.Node):
            return node
        match node:
            case tree.Nabla(of=of, by=by):
                if by is None:
                    raise BindingError("∇ without the variable by which it differentiates")
                return tree.Derivative(self.prepared(of, text), (self.prepared(by, text),), span=node.span)
            case tree.Evaluated(base=base):
                raise BindingError("a value at a place that is named behind a bar")
            case tree.Product(factors=factors) if (merged := self._compounds(factors)) is not factors:
                if len(merged) == 1 and merged[0].sign == "":
                    return self.prepared(merged[0].item, text)
                return self.prepared(replace(node, factors=merged), text)
            case tree.Lowered(base=tree.Name(key="δ") as name, items=items) if self._is_kronecker(items):
                letters = tuple(part for item in items for part in _apart(item))
                return tree.Subscript(name, self.prepared(letters, text), span=node.span)
            case tree.Lowered(base=tree.Name(key=key) as name, items=(tree.Num(value=number), *rest)) if (
                rest and int(number) in self.views.get(folded(key), {})
            ):
                member = self.views[folded(key)][int(number)]
                entries = tuple(part for item in rest for part in _apart(item))
                return tree.Subscript(replace(member, span=name.span), self.prepared(entries, text), span=node.span)
            case tree.Power(base=tree.Lowered(base=tree.Name(key=key)) as base, exponent=exponent) if self._bare_layer(folded(key), exponent):
                return self.prepared(tree.Power(base, tree.Group((exponent,), span=exponent.span), span=node.span), text)
            case tree.Power(base=tree.Derivative(of=of, by=(*before, last)), exponent=exponent) if self._moves_in(last, exponent):
                by = (*before, tree.Power(last, exponent, span=last.span.to(exponent.span)))
                return self.prepared(tree.Derivative(of, by, span=node.span), text)
            case tree.Lowered(base=base, items=items) if _is_shape(items):
                return self.prepared(base, text)
            case tree.Lowered(base=tree.Name(key=key), items=items) if folded(key) in self.layered:
                return self._below_layered(node, folded(key), items, text)
            case tree.Power(base=base, exponent=tree.Group(items=(tree.Comparison(items=items, relations=("=",)),))):
                return self.prepared(tree.Power(base, tree.Group((items[1],)), span=node.span), text)
            case tree.Power(base=tree.Lowered(base=tree.Name() as name, items=items) as base, exponent=exponent) if _is_layer(exponent):
                if _is_shape(items):
                    return self.prepared(tree.Power(name, exponent, span=node.span), text)
                inner = tree.Lowered(name, self.prepared(items, text), span=base.span)
                return tree.Power(inner, self.prepared(exponent, text), span=node.span)
            case tree.Power(base=tree.Name(key=key), exponent=exponent) if self._bare_layer(folded(key), exponent):
                raised = tree.Group((exponent,), span=exponent.span)
                return tree.Power(node.base, self.prepared(raised, text), span=node.span)
            case _:
                changes = {f.name: self.prepared(getattr(node, f.name), text) for f in fields(node) if f.compare}
                return replace(node, **changes)

    def _is_kronecker(self, items: Sequence[Any]) -> bool:
        """δ_{ij}, where δ is nothing that carries two indices."""
        letters = [part for item in items for part in _apart(item)]
        own = self.locals.get("δ")
        taken = own is not None and len(own.parameters) == len(letters)
        return len(letters) == 2 and not taken and "δ" not in self.model.symbols and all(
            isinstance(part, tree.Name | tree.Num | tree.Additive) for part in letters
        )

    def _moves_in(self, variable: tree.Expression, exponent: tree.Expression) -> bool:
        """`∂C/∂z^l`: what stands above the variable is its layer, not a power of the derivative."""
        base = variable.base if isinstance(variable, tree.Lowered) else variable
        if not isinstance(base, tree.Name):
            return False
        return self._bare_layer(folded(base.key), exponent) or (_is_layer(exponent) and folded(base.key) in self.layered)

    def _compounds(self, factors: tuple[tree.Factor, ...]) -> tuple[tree.Factor, ...]:
        """`d W` as the one name dW, where the page or the context declares it."""
        found: list[tree.Factor] = []
        at = 0
        while at < len(factors):
            factor = factors[at]
            following = factors[at + 1] if at + 1 < len(factors) else None
            if (
                following is not None
                and following.sign == ""
                and isinstance(factor.item, tree.Name)
                and factor.item.key in {"d", "Δ", "δ"}
                and (merged := self._compound(factor.item, following.item)) is not None
            ):
                found.append(replace(factor, item=merged))
                at += 2
                continue
            found.append(factor)
            at += 1
        return tuple(found) if len(found) < len(factors) else factors

    def _compound(self, sign: tree.Name, item: tree.Expression) -> tree.Expression | None:
        """A sign and the symbol behind it as one symbol, with whatever stands on it."""
        match item:
            case tree.Name(key=key):
                joint = sign.key + folded(key)
                if joint not in self.locals and joint not in self.views and not any(
                    written(k).base == joint for k in (*self.locals, *self.views)
                ):
                    return None
                return tree.Name(joint, joint, span=sign.span.to(item.span))
            case tree.Lowered() | tree.Subscript() | tree.Power() | tree.Transpose() | tree.Prime():
                inner = self._compound(sign, item.base)
                return None if inner is None else replace(item, base=inner, span=sign.span.to(item.span))
            case _:
                return None

    def _bare_layer(self, key: str, exponent: tree.Expression) -> bool:
        """`a^{l-1}` of a name that is known by layers."""
        if _is_layer(exponent):
            return False
        if key not in self.views and not (key in self.locals and self.locals[key].parameters):
            return False
        letters = {n.key for n in walk(exponent) if isinstance(n, tree.Name)}
        if not letters and key in self.bare:
            own = self.locals.get(key)
            counted = isinstance(exponent, tree.Num) and exponent.value.denominator == 1
            return counted and (int(exponent.value) in self.views.get(key, {}) or (own is not None and bool(own.parameters)))
        return bool(letters) and letters <= {"l", "L", "k", "ℓ"} and not letters & _TRANSPOSE

    def _below_layered(self, node: tree.Lowered, key: str, items: Sequence[Any], text: str) -> tree.Expression:
        """`h_1` on a page where h^{(1)} is a layer: an entry of h, if h alone is something; else nobody knows."""
        below = spelled(tuple(items))
        if key in self.locals and not self.locals[key].parameters:
            return tree.Subscript(node.base, self.prepared(tuple(items), text), span=node.span)
        if below is not None and not below.isdigit() and len(below) > 1:
            return replace(node, items=self.prepared(tuple(items), text))
        if key in self.model.symbols:
            return replace(node, items=self.prepared(tuple(items), text))
        shown = text[node.span.start : node.span.end]
        raise BindingError(f"{shown} may be a layer or an entry")

    def finished(self, node: Any, text: str = "") -> Any:
        """After names are bound: functions marked, transposes of any spelling, points of evaluation left out."""
        if isinstance(node, tuple):
            return tuple(self.finished(part, text) for part in node)
        if not isinstance(node, tree.Node):
            return node
        match node:
            case tree.FunctionName():
                return node
            case tree.Name(key=key):
                if self.is_function(key):
                    return tree.FunctionName(key, node.text, span=node.span)
                return node
            case tree.Power(base=base, exponent=tree.Name(key=key)) if key in _TRANSPOSE - {"t"} and key not in self.scalars():
                return tree.Transpose(self.finished(base, text), span=node.span)
            case tree.Power(base=base, exponent=tree.Product(factors=(first, tree.Factor(sign="", item=tree.Name(key="T"))))) if (
                first.sign == "" and "T" not in self.scalars()
            ):
                inner = tree.Power(base, first.item, span=node.span)
                return tree.Transpose(self.finished(inner, text), span=node.span)
            case tree.Derivative(of=of, by=by):
                return tree.Derivative(
                    self._bare(self.finished(of, text)), tuple(self._bare(self.finished(b, text)) for b in by), span=node.span
                )
            case tree.Subscript(base=tree.Name(key=key), items=(tree.Name(key=letter), *rest)) if letter in self.lettered.get(key, {}):
                own = _name(self.lettered[key][letter])
                items = self.finished((node.items[0], *rest), text)
                return tree.Subscript(replace(own, span=node.base.span), items, span=node.span)
            case tree.Subscript(base=tree.Name(key=key), items=items) if len(self.lettered.get(key, {})) > 1:
                raise BindingError(f"{key} means different things by its index, and this is none of them")
            case tree.Product(factors=factors):
                return self._product(node, tuple(replace(f, item=self.finished(f.item, text)) for f in factors))
            case tree.Binder(indices=indices) if any(i.name.key.endswith("′") for i in indices):
                primed = {i.name.key for i in indices if i.name.key.endswith("′")}
                changes = {f.name: self.finished(_with_primes(getattr(node, f.name), primed), text) for f in fields(node) if f.compare}
                return replace(node, **changes)
            case tree.Prime(base=base, count=count):
                inner = self.finished(base, text)
                if not isinstance(inner, tree.FunctionName) and count == 1:
                    return tree.Prime(inner, count, span=node.span)
                return tree.Prime(inner, count, span=node.span)
            case _:
                return replace(node, **{f.name: self.finished(getattr(node, f.name), text) for f in fields(node) if f.compare})

    def scalars(self) -> set[str]:
        """Names that can be an exponent; a size called T is none beside the T of a transpose."""
        return {*self.model.symbols, *self.locals, *self.numbers}

    def is_function(self, key: str) -> bool:
        """Whether a name takes an argument."""
        local = self.locals.get(key)
        if local is not None:
            return local.function
        if key in self.functions:
            return True
        if key in self.views or key in self.numbers:
            return False
        return key in function_names(self.model.sheet) or key in {"id", "identity", "ReLU", "Tr"}

    # ------------------------------------------------------------ points of evaluation

    def _product(self, node: tree.Product, factors: tuple[tree.Factor, ...]) -> tree.Expression:
        kept: list[tree.Factor] = []
        for factor in factors:
            if kept and factor.sign == "" and isinstance(factor.item, tree.Group) and self._is_place(kept[-1].item, factor.item):
                continue
            kept.append(factor)
        if len(kept) == 1 and kept[0].sign == "":
            return kept[0].item
        return replace(node, factors=tuple(kept))

    def _bare(self, node: tree.Expression) -> tree.Expression:
        """`r(t)` above the line of a derivative is r."""
        match node:
            case tree.Product(factors=(tree.Factor(item=tree.Name() | tree.Subscript() as head), tree.Factor(sign="", item=tree.Group(items=items)))):
                if not isinstance(head, tree.FunctionName) and all(isinstance(i, tree.Name | tree.Subscript) for i in items):
                    return head
            case _:
                pass
        return node

    def _is_place(self, head: tree.Expression, group: tree.Group) -> bool:
        """Whether a bracket behind a quantity says where it is taken: `∂l/∂w(y, t)`, `h(x)`, `w(v)`."""
        named = [self._root(item) for item in group.items]
        if any(key is None for key in named):
            return False
        if isinstance(head, tree.Derivative):
            own = {n.key for n in walk(head) if isinstance(n, tree.Name)}
            return len(named) > 1 or named[0] in own or self._reaches(named, self._root(head.of))
        root = self._root(head)
        if root is None or isinstance(head, tree.Group | tree.Product):
            return False
        return self._reaches(named, root) or (len(named) > 1 and root in self.names())

    def _root(self, node: tree.Expression) -> str | None:
        """The name that something is about: h of `h[l-1]`, w of `w(v)`."""
        match node:
            case tree.FunctionName():
                return None
            case tree.Name(key=key):
                return key
            case tree.Subscript(base=base) | tree.Group(items=(base,)):
                return self._root(base)
            case tree.Product(factors=(tree.Factor(item=head), tree.Factor(sign="", item=tree.Group() as group))) if (
                self._root(head) is not None and all(self._root(i) is not None for i in group.items)
            ):
                return self._root(head)
            case _:
                return None

    def _reaches(self, arguments: Sequence[str | None], quantity: str | None) -> bool:
        """Whether a quantity is computed from each of some others."""
        symbols = self._symbols(quantity)
        if not symbols:
            return False
        upstream = set().union(*(self.model.upstream(s) for s in symbols))
        return all(any(s in upstream for s in self._symbols(key)) for key in arguments)

    def _symbols(self, key: str | None) -> list[Any]:
        """The sheet's symbols that a name may be."""
        if key is None:
            return []
        if key in self.model.symbols:
            return [self.model.symbols[key]]
        if key in self.views:
            found = [self._root(member) for member in self.views[key].values()]
            return [self.model.symbols[k] for k in found if k in self.model.symbols]
        local = self.locals.get(key)
        if local is not None and not local.function:
            root = self._root(local.body)
            return [] if root == key else self._symbols(root)
        return []


def layered_letters(trees: Iterable[tree.Expression]) -> set[str]:
    """Letters that carry a layer in brackets above them."""
    found: set[str] = set()
    for node in trees:
        for part in walk(node):
            match part:
                case tree.Power(base=tree.Name(key=key), exponent=exponent) | tree.Power(
                    base=tree.Lowered(base=tree.Name(key=key)), exponent=exponent
                ) if _is_layer(exponent):
                    found.add(folded(key))
                case _:
                    pass
    return found


def _name(key: str) -> tree.Name:
    return tree.Name(key, key)


def _is_layer(exponent: tree.Expression) -> bool:
    """Whether what stands above a symbol is a layer in brackets, perhaps with a power or a transpose behind it."""
    match exponent:
        case tree.Group(items=(tree.Num() | tree.Name() | tree.Additive() | tree.Comparison(),)):
            return True
        case tree.Product(factors=(tree.Factor(item=tree.Group()), *_)):
            return True
        case _:
            return False


def _with_primes(node: Any, primed: set[str]) -> Any:
    """`v'_i` under a sum over v′ as an entry of v′."""
    if isinstance(node, tuple):
        return tuple(_with_primes(part, primed) for part in node)
    if not isinstance(node, tree.Node):
        return node
    if isinstance(node, tree.Prime) and node.count == 1:
        base = node.base
        if isinstance(base, tree.Name) and base.key + "′" in primed:
            return tree.Name(base.key + "′", base.text + "′", span=node.span)
        if isinstance(base, tree.Subscript | tree.Lowered) and isinstance(base.base, tree.Name) and base.base.key + "′" in primed:
            name = tree.Name(base.base.key + "′", base.base.text + "′", span=base.base.span)
            return replace(base, base=name, items=_with_primes(base.items, primed), span=node.span)
    return replace(node, **{f.name: _with_primes(getattr(node, f.name), primed) for f in fields(node) if f.compare})


def _apart(item: Any) -> tuple[Any, ...]:
    """`kj` as k and j."""
    if isinstance(item, tree.Product) and not any(f.sign for f in item.factors):
        return tuple(f.item for f in item.factors)
    return (item,)


def _is_shape(items: Sequence[Any]) -> bool:
    """A note of the shape below a name: W_{4×4}."""
    return len(items) == 1 and isinstance(items[0], tree.Product) and any(f.sign == "×" for f in items[0].factors)


def _normal(key: str) -> str:
    return "".join(list(faces(c))[-1] for c in key if c not in "_{} ").casefold()


__all__ = ["Binder", "BindingError", "Fraction", "Mapping", "canonical_key"]
