"""Names that a context gives, and those that the spelling of a page proposes."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

from gradsheet.checking.binding.errors import BindingError
from gradsheet.checking.binding.forms import apart, is_layer, name_of
from gradsheet.checking.binding.patterns import folded
from gradsheet.checking.meaning.scope import Local
from gradsheet.diagnostics import Diagnostics, SheetError, Source
from gradsheet.expressions import Role
from gradsheet.syntax import canonical_key, parse_expression, tree
from gradsheet.syntax.plain import plain
from gradsheet.syntax.scripts import joined, spelled
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.written_names import faces, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.binding.binder import Binder
    from gradsheet.checking.context import AliasRule, Context, Scheme

_HOLE = re.compile(r"\{\s*([^\W\d_])\s*\}")


def propose_families(binder: Binder) -> None:
    """W1, W2, W3 are also W[1], W[2], W[3]."""
    groups: dict[str, dict[int, tree.Expression]] = defaultdict(dict)
    for key, symbol in binder.model.symbols.items():
        form = written(key)
        if form.below.isdigit() and symbol.role is not Role.FUNCTION:
            groups[form.base][int(form.below)] = name_of(key)
    for base, view in groups.items():
        if base not in binder.model.symbols and base not in binder.model.sheet.sizes:
            binder.views[base] = dict(sorted(view.items()))


def take(binder: Binder, context: Context) -> None:
    """Aliases, schemes and numbers of a context."""
    rules = []
    for rule in context.aliases:
        origin = context.origin
        if _as_view(binder, rule):
            binder.note(rule.written, rule.right or ", ".join(f"{k}: {v}" for k, v in rule.table.items()), origin)
            continue
        lowered = isinstance(rule.left, tree.Lowered) or (isinstance(rule.left, tree.Name) and "_" in rule.left.key)
        if not _as_local(binder, rule) or lowered:
            rules.append(rule)
        binder.note(rule.written, rule.right or ", ".join(f"{k}: {v}" for k, v in rule.table.items()), origin)
    binder.rules = tuple(sorted(rules, key=lambda rule: bool(rule.parameters)))  # the exact spelling first
    for scheme in context.schemes:
        _scheme(binder, scheme)
    binder.changed()


def _as_view(binder: Binder, rule: AliasRule) -> bool:
    """`W^{(l)}: W{l}` as a family of the sheet's names."""
    match rule.left:
        case tree.Power(base=tree.Name(key=key), exponent=tree.Group(items=(tree.Name(key=letter),))):
            pass
        case tree.Power(base=tree.Name(key=key), exponent=tree.Name(key=letter)):
            binder.bare.add(folded(key))
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
        for index, text in rule.table.items():
            found = _read(binder, text)
            if found is not None:
                members[int(index)] = found
    elif _HOLE.search(rule.right):
        for number in range(13):
            found = _read(binder, _HOLE.sub(str(number), rule.right))
            base = found
            while isinstance(base, tree.Subscript):
                base = base.base
            if isinstance(base, tree.Name) and base.key in binder.model.symbols and found is not None:
                members[number] = found
    if not members:
        return False
    binder.views[folded(key)] = {**binder.views.get(folded(key), {}), **members}
    if isinstance(rule.left, tree.Power) and folded(key) not in binder.bare:
        binder.layered.add(folded(key))
    return True


def _as_local(binder: Binder, rule: AliasRule) -> bool:
    """`z_out: yout`: a name for a name."""
    if rule.parameters or rule.table:
        return False
    body = _read(binder, rule.right)
    if body is None:
        return False
    match rule.left:
        case tree.Name(key=key) if isinstance(body, tree.Name) and folded(key) == body.key:
            pass  # the sheet's own name
        case tree.Lowered(base=tree.Name(key=key), items=items) if (
            isinstance(body, tree.Name)
            and (part := spelled(items)) is not None
            and joined(folded(key), part) == body.key
        ):
            pass
        case tree.Name(key=key):
            binder.define(Local(folded(key), (), body))
        case tree.Lowered(base=tree.Name(key=key), items=items) if (below := spelled(items)) is not None:
            binder.define(Local(joined(folded(key), below), (), body))
        case _:
            return False
    return True


def _read(binder: Binder, text: str) -> tree.Expression | None:
    source = Source(text)
    diagnostics = Diagnostics(source)
    try:
        return binder.finished(parse_expression(source, diagnostics))
    except (SheetError, BindingError, RecursionError):
        return None  # the reader of the context has reported it


def _scheme(binder: Binder, scheme: Scheme) -> None:
    """`δ_q = ∂J/∂q` for every quantity q of the sheet, or for the one that is named."""
    objective = binder.model.sheet.objective
    try:
        of = (
            binder.bind(scheme.of, scheme.written)
            if scheme.of is not None
            else name_of(canonical_key(objective.symbol.name))
            if objective is not None
            else None
        )
    except BindingError:
        return
    if of is None:
        return
    named = binder.table.get(scheme.variable) is not None
    for key, symbol in binder.model.symbols.items():
        if symbol.role is Role.FUNCTION or (named and not scheme.every and key != scheme.variable):
            continue
        derivative = tree.Derivative(of, (name_of(key),))
        form = written(key)
        if scheme.prefix:
            _scheme_name(binder, scheme.prefix + form.base, form.below, derivative)
            if form.base != key and not form.below:
                _scheme_name(binder, scheme.prefix + key, "", derivative)  # dyhat and dŷ
        elif scheme.accent:
            _scheme_name(binder, unicodedata.normalize("NFC", form.base + scheme.accent), form.below, derivative)
        else:
            match scheme.left:
                case tree.Lowered(base=tree.Name(key=head)):
                    for below in dict.fromkeys((key, form.base + form.below)):  # yhat, and ŷ as paper has it
                        binder.define(Local(joined(folded(head), below), (), derivative))
                case tree.Product(factors=(tree.Factor(item=tree.Name(key=head)), *_)):
                    _scheme_name(binder, folded(head) + form.base, form.below, derivative)
                case _:
                    pass
    said = f"{plain(of)} by each quantity" if scheme.every or not named else f"∂{plain(of)}/∂{scheme.variable}"
    origin = "document" if scheme.line else "context" if binder.context is None else binder.context.origin
    binder.note(scheme.written, said, origin, scheme.line)


def _scheme_name(binder: Binder, base: str, below: str, derivative: tree.Expression) -> None:
    if below.isdigit():
        binder.views.setdefault(base, {})[int(below)] = derivative
    binder.define(Local(joined(base, below) if below else base, (), derivative))


# ------------------------------------------------------------ from the page


def survey(binder: Binder, trees: Sequence[tree.Node], defined: set[str]) -> None:
    """Look at every formula of the page once: which letters carry layers, which spellings are close to known names."""
    letters: set[str] = set()
    words: set[tuple[str, str]] = set()
    for node in trees:
        for part in walk(node):
            match part:
                case (
                    tree.Power(base=tree.Name(key=key), exponent=exponent)
                    | tree.Power(base=tree.Lowered(base=tree.Name(key=key)), exponent=exponent)
                ) if is_layer(exponent):
                    binder.layered.add(folded(key))
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
    known = binder.names()
    for letter in sorted(letters):
        swapped = letter.swapcase()
        if letter in known or letter in defined or len(letter) != 1 or swapped in letters & known - binder.views.keys():
            continue
        if swapped in binder.views and letter in binder.layered:
            binder.views[letter] = binder.views[swapped]
            binder.note(f"{letter}⁽ˡ⁾", f"{swapped}{{l}}", "proposed")
    _propose_entries(binder, trees, known | defined)
    close: dict[str, list[str]] = defaultdict(list)
    for key in binder.model.symbols:
        close[_normal(key)].append(key)
    for base, below in sorted(words):
        key = joined(base, below)
        if key in known or binder.table.spelled(base, below) or key in defined or below.isdigit():
            continue
        found = close.get(_normal(base + below), [])
        if len(below) == 1 and base + below not in binder.model.symbols:
            continue  # one letter below is an index, if no name is spelled so
        if len(found) == 1:
            binder.define(Local(key, (), name_of(found[0])))
            binder.note(key, found[0], "proposed")
    binder.changed()


def _propose_entries(binder: Binder, trees: Sequence[tree.Node], taken: set[str]) -> None:
    """`w_{jk}` beside a matrix W is its entry, if w never stands without two indices."""
    counts: dict[str, set[int]] = defaultdict(set)
    for node in trees:
        inside: set[int] = set()
        for part in walk(node):
            match part:
                case tree.Lowered(base=tree.Name(key=key) as base, items=items):
                    inside.add(id(base))
                    counts[folded(key)].add(sum(_indices(item) for item in items))
                case tree.Name(key=key) if id(part) not in inside:
                    counts[folded(key)].add(0)
                case _:
                    pass
    for letter, found in sorted(counts.items()):
        symbol = binder.model.symbols.get(letter.upper())
        if len(letter) != 1 or not letter.islower() or letter in taken or symbol is None:
            continue
        rank = symbol.rank - symbol.leading
        if symbol.role is not Role.FUNCTION and rank > 1 and found == {rank}:
            binder.define(Local(letter, (), name_of(symbol.name)))
            binder.note(f"{letter}, with indices", symbol.name, "proposed")


def _indices(item: tree.Expression | tree.Slice) -> int:
    """How many indices stand below a letter: two in ij and in 23."""
    if isinstance(item, tree.Num):
        return len(item.text)
    parts = apart(item)
    letters = sum(isinstance(n, tree.Name) for n in walk(item))
    return len(parts) if letters else 1


def _normal(key: str) -> str:
    return "".join(list(faces(c))[-1] for c in key if c not in "_{} ").casefold()
