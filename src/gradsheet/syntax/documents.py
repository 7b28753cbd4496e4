r"""What only documents say: dots that leave something out, ∇, `\left.…\right|_{x=0}`, lists set by blanks.

A sheet has none of these; its readers refuse them by name. A document is somebody's page: the scanner of LaTeX and the
parser read more of it where they are told that it is one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Span
from gradsheet.syntax import brackets
from gradsheet.syntax.latex_commands import DOTS, WORDS
from gradsheet.syntax.token_groups import CLOSES, OPENS, goes_on, is_one, relates, top_level
from gradsheet.syntax.tokens import Token
from gradsheet.syntax.traversal import children, rewritten, walk
from gradsheet.syntax.tree import (
    Array,
    Binder,
    Comparison,
    Derivative,
    Ellipsis,  # noqa: A004 - the node is called what it is
    Evaluated,
    Expression,
    Factor,
    Group,
    Nabla,
    Name,
    Num,
    Prime,
    Product,
)
from gradsheet.syntax.vocabulary import FUNCTIONS, RESERVED

if TYPE_CHECKING:
    from gradsheet.syntax.expressions import ExpressionParser
    from gradsheet.syntax.latex_source import Piece
    from gradsheet.syntax.latex_tokens import LatexScanner
    from gradsheet.syntax.tree import BoundIndex, Node

DOT_SIGNS = {"vdots": "⋮", "ddots": "⋱"}
_HIGHEST = 9
_ENTRY = frozenset({"number", "…", "/", "-", "frac", "{", "}"})
_BLANKS = re.compile(r"\\[ ;:,]|\\q?quad|\\hspace|~")
_WORD = re.compile(r"[^\W\d_][\w\u0300-\u036f]*")
_OTHERWISE = re.compile(r"\s*(?:otherwise|else|oth\.?|elsewhere|otherw\.?)\s*[.,;]?\s*", re.IGNORECASE)
_HOLDS = re.compile(r"\s*(?:is\s+)?(?:true|holds)\s*[.,;]?\s*")
_IF = re.compile(r"\s*,?\s*(?:if|for|when|where|whenever|as long as)\s*")
_COMPLEMENTS = frozenset({
    (">", "≤"), (">", "<"), ("≥", "<"), ("<", "≥"), ("<", ">"), ("≤", ">"), ("=", "≠"), ("≠", "="), ("≥", "≤"),
    ("≤", "≥"),
})  # fmt: skip
_TURNED = {">": "<", "<": ">", "≥": "≤", "≤": "≥"}


# ---------------------------------------------------------------- tokens


def as_range(tokens: list[Token]) -> list[Token]:
    """Tokens with `1, …, n` and `1, 2, …, n` as `1..n`, outside of all brackets."""
    out: list[Token] = []
    depth = 0
    at = 0
    while at < len(tokens):
        token = tokens[at]
        depth += (token.kind in OPENS) - (token.kind in CLOSES)
        bridge = depth == 0 and [t.kind for t in tokens[at : at + 3]] == [",", "…", ","]
        if not bridge:
            out.append(token)
            at += 1
            continue
        if len(out) > 2 and [t.kind for t in out[-3:]] == ["number", ",", "number"]:
            first, _, second = out[-3:]
            if second.value == first.value + 1 and (len(out) == 3 or not goes_on(out[-4].kind)):
                del out[-2:]
        out.append(tokens[at + 1]._replace(kind=".."))
        at += 3
    return out


def separated(text: str, inner: list[Token], *, words: bool, commands: bool) -> list[Token] | None:
    r"""`0.3 \ \dots \ 0.3` with commas between its entries, if that is what the tokens are; else None.

    `words` lets entries be names, too, where commands of TeX separate them all; `commands` asks for such commands.
    """
    if not inner or top_level(inner, ",") or top_level(inner, ";"):
        return None
    if [token.kind for token in inner] == ["…"]:
        return inner
    if not words and any(token.kind not in _ENTRY for token in inner):
        return None
    entries: list[list[Token]] = [[inner[0]]]
    depth = (inner[0].kind in OPENS) - (inner[0].kind in CLOSES)
    for at in range(1, len(inner)):
        before, token = inner[at - 1], inner[at]
        signed = token.kind == "-" and at + 1 < len(inner) and not inner[at + 1].spaced
        ended = goes_on(before.kind) or before.kind in ("…", "}")
        starts = token.kind in ("number", "…", "frac") or signed or (words and token.kind in ("name", "("))
        if depth == 0 and ended and starts and token.spaced:
            if (words or commands) and not _BLANKS.search(text, before.end, token.start):
                return None
            entries.append([])
        entries[-1].append(token)
        depth += (token.kind in OPENS) - (token.kind in CLOSES)
    if len(entries) == 1:
        return None
    if words and not all(is_one(entry) or [t.kind for t in entry] == ["…"] for entry in entries):
        return None
    if any(_is_sum(entry) for entry in entries):
        return None
    out = entries[0]
    for entry in entries[1:]:
        place = entry[0].start
        out = [*out, Token(",", ",", place, place), *entry]
    return out


def _is_sum(entry: list[Token]) -> bool:
    return any(token.kind == "-" for token in entry[1:])


def command(s: LatexScanner, piece: Piece) -> bool:
    """A command that means more on somebody's page than in a sheet; False where it does not."""
    name = piece.text
    if name == "nabla":
        s.emit("∇", piece.start, piece.end, spaced=piece.spaced)
    elif name in DOTS:
        dots(s, piece)
    elif name in WORDS:
        return prose(s, piece)
    elif name in ("overset", "underset", "stackrel"):
        remark = s.argument(name)
        inner = s.argument(name)
        if remark and is_one(inner):  # a size with what it belongs to
            s.emit("underbrace", piece.start, piece.end, text=f"\\{name}", spaced=piece.spaced)
            s.braced(inner, piece.end)
            s.braced(remark, piece.end)
        else:
            s.out.extend(inner)
    else:
        return name in ("cancel", "bcancel", "xcancel")  # what was cancelled counts on both sides
    return True


def dots(s: LatexScanner, piece: Piece) -> None:
    """Dots are an entry like others; who reads the list knows what they leave out."""
    s.emit("…", piece.start, piece.end, text=DOT_SIGNS.get(piece.text, "…"), spaced=piece.spaced)


def bracketed_list(s: LatexScanner, piece: Piece, inner: list[Token]) -> list[Token] | None:
    r"""`[1 \ 0]`, `(1 \; 2)`, `[x_1 \ x_2]^T` as the entries of a list; None if the bracket is none."""
    if s.out and s.out[-1].kind in ("name", ")", "]", "'", "ᵀ") and not piece.spaced and not piece.sized:
        return None  # x[1] is an entry, f(1) a call
    after = s.text[s.at : s.at + 12].replace("{", "").replace(" ", "")
    turned = after.startswith(("^T", "^\\top", "^\\intercal", "^\\mathsf", "^\\mathrm", "ᵀ", "^⊤"))
    square = piece.text == "["
    found = separated(s.text, inner, words=False, commands=not square)
    if found is None and turned:
        found = separated(s.text, inner, words=True, commands=True)
    return found if square or found is None or len(found) > 1 else None


def evaluation(s: LatexScanner, piece: Piece, inner: list[Token]) -> None:
    r"""`\left. … \right|_{x=0}`, of which everything but the script was read."""
    sign = s.peek()
    if sign.kind != "sign" or sign.text != "_":
        s.fail("an evaluation bar without its point", piece.span, code="GS103", expected=r"\right|_{x=0}")
    s.take()
    at = s.script("_")
    s.emit("evaluated", piece.start, piece.end, spaced=piece.spaced)
    s.braced(inner, piece.end)
    s.braced(at, s.at, s.at)


def evaluation_bar(s: LatexScanner, piece: Piece) -> bool:
    r"""`|_{x=0}` behind an operand, if the bar is one of these; it is taken then with its script."""
    place = s.at
    sign = s.peek()
    if not s.out or not goes_on(s.out[-1].kind) or sign.kind != "sign" or sign.text != "_":
        return False
    s.take()
    at = s.script("_")
    if not at or not (relates(at) or (piece.sized and piece.kind == "bar")):
        s.back_to(place)
        return False
    s.emit("at", piece.start, piece.end, text="|")
    s.braced(at, s.at, s.at)
    return True


def prose(s: LatexScanner, piece: Piece) -> bool:
    """Words inside of a formula: an else, an if, one name. False where the general reader may go on."""
    place = s.at
    raw = s.raw_group()
    if raw is None or "$" in raw:
        s.back_to(place)
        return False
    if _OTHERWISE.fullmatch(raw):
        s.emit("else", piece.start, s.at, text=raw.strip(), spaced=True)
        return True
    if _HOLDS.fullmatch(raw):
        return True
    opened = _IF.fullmatch(raw)
    if opened:
        s.emit("if", piece.start, s.at, text=raw.strip(), spaced=True)
        return True
    words = [word for word in _WORD.findall(raw) if word not in RESERVED]
    if len(words) > 1 or (len(words) == 1 and "-" in raw):
        span = Span(piece.start, s.at)
        s.fail("words inside of a formula", span, code="GS108", suggestion="a formula, or a name of one word")
    s.back_to(place)
    return False


# ---------------------------------------------------------------- trees


def structure(p: ExpressionParser) -> Expression:
    """An operand that only documents have."""
    token = p.advance()
    if token.kind == "…":
        return Ellipsis(token.text, span=token.span)
    if token.kind == "∇":
        return nabla(p, token)
    base = _braced(p)
    return Evaluated(base, _points(p), span=p.span_from(token.start))


def _braced(p: ExpressionParser) -> Expression:
    p.expect("{")
    with brackets.inside(p):
        node = p.expression()
    p.expect("}", expected="an operator or `}`")
    return node


def _points(p: ExpressionParser) -> tuple[Expression, ...]:
    """Where something is evaluated: `x=0, y=1`."""
    p.expect("{")
    found = []
    with brackets.inside(p):
        while True:
            found.append(p.expression())
            if not p.accept(","):
                break
    p.expect("}", expected="`}` or `,`")
    return tuple(found)


def evaluated(p: ExpressionParser, factors: list[Factor]) -> list[Factor]:
    """Factors, the last of them with the point that a bar behind it states; a call is one."""
    p.advance()
    at = _points(p)
    last = factors[-1]
    if isinstance(last.item, Group) and last.sign == "" and len(factors) > 1:
        if len(factors) > 2:
            p.fail(
                "how far this bar reaches is not clear", p.span_from(last.span.start), suggestion=r"\left. … \right|"
            )
        call = Product(tuple(factors), span=factors[0].span.to(last.span))
        return [Factor("", Evaluated(call, at, span=p.span_from(call.span.start)), span=p.span_from(call.span.start))]
    span = p.span_from(last.span.start)
    return [*factors[:-1], Factor(last.sign, Evaluated(last.item, at, span=span), span=span)]


def nabla(p: ExpressionParser, token: Token) -> Nabla:
    r"""`\nabla_θ L(θ)`: reaches over one operand with its argument, over a sum, over `\log p(x)`.

    Raised to 2 it is the Hessian. It goes on over `x^T A x` where what stands first holds the variable itself.
    """
    by: Expression | None = None
    order = 1
    while p.tok.kind in ("lower", "_", "^"):
        raised = p.advance().kind == "^"
        script = _braced(p) if p.tok.kind == "{" else p.exponent_base()
        if not raised:
            by = script
        elif isinstance(script, Num) and script.value == 2:
            order = 2
        else:
            suggestion = "write the derivative as a fraction"
            p.fail("∇ is raised to 2 only, for a Hessian", script.span, code="GS108", suggestion=suggestion)
    if p.tok.kind not in p.operand_starts:
        p.unexpected("what ∇ is taken of")
    p.deeper()
    of = _reached(p, by)
    p.depth -= 1
    return Nabla(of, by, order, span=p.span_from(token.start))


def _reached(p: ExpressionParser, by: Expression | None) -> Expression:
    start = p.tok.start
    factors: list[Factor] = []
    whole = False  # the variable stood in a factor: what follows is a part of the same product
    while True:
        begin = p.tok.start
        item = p.operand()
        factors.append(Factor("", item, span=p.span_from(begin)))
        if isinstance(item, Binder) or p.tok.kind not in p.operand_starts or p.tok.kind in ("|", "‖"):
            break
        if p.tok.kind == "(" and not isinstance(item, Group):
            continue  # an argument
        applied = isinstance(_root(item), Name) and _key(item) in FUNCTIONS
        constant = all(isinstance(part, Num | Product | Name) and not _holds(part, by) for part in walk_factors(item))
        scale = isinstance(item, Num) or (isinstance(item, Product) and constant)
        whole = whole or _holds(item, by)
        if not applied and not scale and not whole:
            break
    return factors[0].item if len(factors) == 1 else Product(tuple(factors), span=p.span_from(start))


def walk_factors(item: Expression) -> list[Expression]:
    """The parts of a fraction."""
    return [factor.item for factor in item.factors] if isinstance(item, Product) else [item]


def _root(node: Expression) -> Expression:
    while hasattr(node, "base"):
        node = node.base
    return node


def _key(node: Expression) -> str:
    root = _root(node)
    return root.key if isinstance(root, Name) else ""


def _holds(node: Expression, by: Expression | None) -> bool:
    """Whether a variable stands in an expression."""
    return by is not None and any(part == by for part in walk(node))


def lowered_partial(p: ExpressionParser, order: int, start: int) -> Derivative:
    r"""`\partial_{w} L`, from its script on."""
    p.advance()
    p.expect("{")
    by: list[Expression] = []
    with brackets.inside(p):
        while p.tok.kind != "}":
            by.append(p.operand())
            p.accept(",")
    p.advance()
    order = max(order, derivatives_power(p) or 1)
    if len(by) == 1:
        by *= order
    if p.tok.kind not in p.operand_starts:
        p.unexpected("what is differentiated")
    p.deeper()
    of = p.signed_product()
    p.depth -= 1
    return Derivative(of, tuple(by), span=p.span_from(start))


def derivatives_power(p: ExpressionParser) -> int | None:
    """The order that stands above ∂, if one does."""
    if p.tok.kind != "^" or [p.peek(n).kind for n in (1, 2, 3)] != ["{", "number", "}"]:
        return None
    order = p.peek(2).value
    if order.denominator != 1 or not 1 <= order <= _HIGHEST:
        return None
    for _ in range(4):
        p.advance()
    return int(order)


def stray_dots(node: Node) -> Ellipsis | None:
    """Dots that stand elsewhere than among the entries of a list, if there are any: nobody knows what they mean."""
    if isinstance(node, Ellipsis):
        return None
    for part in walk(node):
        if isinstance(part, Array | Group):
            continue
        for below in children(part):
            if isinstance(below, Ellipsis):
                return below
    return None


def below_sum(p: ExpressionParser, found: list[BoundIndex]) -> Expression | None:
    """`k ≠ i` below a sum, from the relation on: the condition that holds for the index before it."""
    if p.tok.kind != "≠":
        return None
    name = found[-1].name
    p.advance()
    other = p.expression()
    return Comparison((name, other), ("≠",), span=name.span.to(other.span))


def conditioned(binder: Binder, condition: Expression) -> Binder:
    """A sum whose terms count where a condition holds."""
    bracket = Array(((condition,),), span=condition.span)
    body = binder.body
    factors = body.factors if isinstance(body, Product) else (Factor("", body, span=body.span),)
    product = Product((Factor("", bracket, span=bracket.span), *factors), span=binder.body.span)
    return Binder(binder.kind, binder.indices, product, span=binder.span)


def primed(binder: Binder, name: Name) -> Binder:
    """A sum over k′, which stands in its body as a name with a prime."""
    letter = name.key.rstrip("′")
    count = len(name.key) - len(letter)

    def change(node: Node) -> Node:
        same = isinstance(node, Prime) and node.count == count
        if same and isinstance(node.base, Name) and node.base.key == letter:  # type: ignore[attr-defined]
            return Name(name.key, name.text, span=node.span)
        return node

    return Binder(binder.kind, binder.indices, rewritten(binder.body, change), span=binder.span)


def complementary(first: Expression, second: Expression) -> bool:
    """Whether two conditions leave nothing between them but a border: `x > 0` and `x ≤ 0`."""
    if not (isinstance(first, Comparison) and isinstance(second, Comparison)):
        return False
    if len(first.relations) != 1 or len(second.relations) != 1:
        return False
    one, other = first.relations[0], second.relations[0]
    if first.items == second.items:
        return (one, other) in _COMPLEMENTS
    return first.items == second.items[::-1] and (one, _TURNED.get(other, other)) in _COMPLEMENTS
