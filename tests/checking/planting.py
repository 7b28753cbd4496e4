"""Slips planted in right lines: each is one edit of the page, and the same edit of the line's twin in NumPy.

A ledger holds for each right formula its chain of sides in NumPy, and `model.py` says how the page writes each name
(`SYMBOLS`). So the signs, names and numbers of the page can be lined up with those of the twin; an edit of a pair is
kept if the twin's value changes at random points. The checker has no part in this. What was kept is in `planted.json`:

    python tests/checking/planting.py        plants again and writes the file
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from checking import truths

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANTED = Path(__file__).parent / "planted.json"
EACH = 14
"""At most as many slips in one document."""
NEAR = 14
"""A name that is written for another one stands in one of as many formulas before."""
SHAPES = ("arrangement", "shape", "operand")


@dataclass(frozen=True)
class Plant:
    """One slip: `after` for `before` in a formula, and the kinds of slip that name it fairly."""

    document: str
    formula: int
    edit: str
    slips: tuple[str, ...]
    before: str
    after: str
    values: tuple[str, ...]
    """The edited twin, and the others of the formula."""


class Token(NamedTuple):
    """A sign, a name or a number: what it is, and where."""

    what: str
    start: int
    end: int


class Edit(NamedTuple):
    """Of the formula's text and of its twin: a part and what stands for it."""

    name: str
    slips: tuple[str, ...]
    page: tuple[int, int, str]
    twin: tuple[int, int, str]


def apply(text: str, part: tuple[int, int, str]) -> str:
    start, end, new = part
    return text[:start] + new + text[end:]


# Lining up ------------------------------------------------------------------------------------------------------------

SKIPPED = (
    r"\\(?:text|operatorname|mathrm|begin|end|tag|label)\{[^{}]*\}|\\(?:sum|prod)\s*(?:_\{[^{}]*\}|_\w)?(?:\^\{[^{}]*\}|\^\w)?"
    r"|[Σ][ᵢⱼₖₙ]|\\[,;!]|\\(?:q?quad)\b"
)
TRANSPOSE = r"\^\{?(?:\\top|T)\}?(?![A-Za-z])|ᵀ"


def bounded(key: str) -> str:
    text = re.escape(key).replace(r"\\frac", r"\\[dt]?frac").replace(r"\ ", r"\s*")
    return (r"(?<![A-Za-z\\])" if key[0].isalpha() else "") + text + (r"(?![A-Za-z'])" if key[-1].isalpha() else "")


def spellings(symbols: dict[str, Any]) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """How the page writes names, longest first; and the twin's spellings with the one that stands for all."""
    page, twin = [], {}
    for key, value in symbols.items():
        values = value if isinstance(value, tuple) else (value,)
        page.append((key, values[0]))
        for v in values:
            twin[v] = values[0]
    page.sort(key=lambda pair: -len(pair[0]))
    return page, twin


def page_tokens(text: str, symbols: dict[str, Any]) -> list[Token]:
    page, _ = spellings(symbols)
    names = [key for key, _ in page]
    pattern = re.compile(
        "|".join(
            ["(?P<skip>" + SKIPPED + ")"]
            + [f"(?P<n{i}>{bounded(key)})" for i, key in enumerate(names)]
            + [rf"(?P<T>{TRANSPOSE})", r"(?P<number>\d+(?:\.\d+)?|½)", r"(?P<sign>[-+−=])"]
        )
    )
    found = []
    for m in pattern.finditer(text):
        kind = m.lastgroup
        assert kind is not None
        if kind == "skip":
            continue
        what = page[int(kind[1:])][1] if kind[0] == "n" and kind != "number" else m.group().replace("−", "-")
        if kind == "T":
            what = ".T"
        elif kind != "number" and what.endswith(".T"):
            found.append(Token(what[:-2], m.start(), m.end()))
            what = ".T"
        found.append(Token(what, m.start(), m.end()))
    return found


def twin_tokens(text: str, symbols: dict[str, Any]) -> list[Token]:
    _, twin = spellings(symbols)
    names = sorted((n for n in twin if not n.endswith(".T")), key=len, reverse=True)
    parts = [
        (r"""(?<![\w"])""" if n[0].isalnum() else "") + re.escape(n) + (r"""(?![\w"])""" if n[-1].isalnum() else "")
        for n in names
    ]
    pattern = re.compile(
        "|".join([f"(?P<n{i}>{p})" for i, p in enumerate(parts)]
                 + [r"(?P<T>\.T\b)", r"(?P<word>[A-Za-z_]\w*)", r"(?P<number>\d+(?:\.\d+)?)", r"(?P<sign>==|[-+])"])
    )
    found = []
    for m in pattern.finditer(text):
        kind = m.lastgroup
        assert kind is not None
        if kind == "word":
            continue
        named = kind[0] == "n" and kind != "number"
        what = twin[names[int(kind[1:])]] if named else {"==": "="}.get(m.group(), m.group())
        found.append(Token(what, m.start(), m.end()))
    return found


def pairs(page: list[Token], twin: list[Token]) -> list[tuple[Token, Token]]:
    """Tokens of the page with those of the twin that they line up with."""
    a, b = [t.what for t in page], [t.what for t in twin]
    if a == b:
        return list(zip(page, twin, strict=True))
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return [(page[i + k], twin[j + k]) for i, j, n in blocks if n >= 3 for k in range(n)]


# Edits ----------------------------------------------------------------------------------------------------------------


def unary(text: str, at: int) -> bool:
    before = re.sub(r"(\\[,;!]|\\[bB]ig+[lr]?|\\left|\s|&)+$", "", text[:at])
    return not before or before[-1] in "=({[,:/" or before.endswith((r"\\", r"\quad", r"\qquad", "=="))


def depth(text: str, start: int, end: int) -> int:
    return sum(text.count(c, start, end) for c in "([{") - sum(text.count(c, start, end) for c in ")]}")


def until(text: str, at: int, stops: str) -> int:
    """Where a term that begins at a place ends: at the next sign of its level."""
    level = 0
    for m in re.finditer(r"\\begin|\\end|[(\[{]|[)\]}]|" + stops, text[at + 1 :]):
        found = m.group()
        if found in {"(", "[", "{", r"\begin"}:
            level += 1
        elif found in {")", "]", "}", r"\end"}:
            level -= 1
            if level < 0:
                return at + 1 + m.start()
        elif level == 0:
            return at + 1 + m.start()
    return len(text)


STOPS_PAGE = (
    r"\s*\\tag|(?<![=(\[{&])\s*[-+−=]|\\\\|\\q?quad"
    r"|\\(?:right|[bB]ig+r?)(?![A-Za-z])|(?<!\\)[,.](?!\d)|\\[,;!]\s*[,.]|$"
)
LEFT_ALONE = r"\(\s*1\s*(?:\\(?:right|[bB]ig+r?))?\s*\)"
"""(1): of a factor 1 − h² the term is lost, or the factor as a whole."""
DOUBLED = r"\^(?:\{[^{}]*\}|\w)\s*\^"
STOPS_TWIN = r"(?<![=(\[*/@])[-+]| == |$"


def balanced(text: str) -> bool:
    level = 0
    for c in text:
        level += (c in "([{") - (c in ")]}")
        if level < 0:
            return False
    return level == 0 and text.count(r"\begin") == text.count(r"\end")


def signs(page: str, twin: str, both: list[tuple[Token, Token]]) -> Iterator[Edit]:
    for p, t in both:
        if p.what not in "+-":
            continue
        first, second = unary(page, p.start), unary(twin, t.start)
        if first and second:
            yield Edit("sign lost", ("sign",), (p.start, p.end, ""), (t.start, t.end, ""))
        elif not first and not second:
            other = "+" if p.what == "-" else "-"
            yield Edit(f"{other} for {p.what}", ("sign",), (p.start, p.end, other), (t.start, t.end, other))
            a, b = until(page, p.start, STOPS_PAGE), until(twin, t.start, STOPS_TWIN)
            if balanced(page[p.start : a]) and balanced(twin[t.start : b]):
                rest = page[: p.start] + page[a:]
                slips = ("term", "factor") if re.search(LEFT_ALONE, rest) else ("term",)
                yield Edit("term lost", slips, (p.start, a, " "), (t.start, b, ""))


def sides(page: str, twin: str, both: list[tuple[Token, Token]]) -> Iterator[Edit]:
    """A sign or a factor that is put before a side of one term."""
    for p, t in both:
        if p.what != "=":
            continue
        end = re.search(r" == |$", twin[t.end :])
        assert end is not None
        side = twin[t.end : t.end + end.start()].strip()
        rest = page[p.end : until(page, p.end, r"=|\\\\|$")]
        if re.search(r"[-+−]", strip_brackets(side)) or re.search(r"[-+−]", strip_brackets(rest)) or "dec(" in side:
            continue
        gap = len(page[p.end :]) - len(page[p.end :].lstrip(" &"))
        at, to = p.end + gap, t.end + end.start()
        yield Edit("extra sign", ("sign",), (at, at, "-"), (t.end, to, f" -({side})"))
        yield Edit("extra 2", ("factor",), (at, at, "2 "), (t.end, to, f" 2*({side})"))


def strip_brackets(text: str) -> str:
    while (shorter := re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}", "", text)) != text:
        text = shorter
    return text


def numbered(page: str, twin: str, of_page: str, of_twin: str, new: tuple[str, str]) -> Iterator[tuple[Any, Any]]:
    first, second = list(re.finditer(of_page, page)), list(re.finditer(of_twin, twin))
    if len(first) == len(second):
        for a, b in zip(first, second, strict=True):
            yield (a.start(), a.end(), a.expand(new[0])), (b.start(), b.end(), b.expand(new[1]))


FACTORS = [
    ("1/2 lost", r"\\[td]?frac(?:\{1\}\s?\{2\}|\s?1\s?2)(?!\d)", r"(?<![\w.])1/2\*", ("", "")),
    ("1/N lost", r"\\[td]?frac\{1\}\{[NnmT]\}", r"(?<![\w.])1/[NnmT]\*", ("", "")),
    ("1/√d lost", r"\\[td]?frac\{1\}\{\\sqrt\{?\s?d\}?\}", r"1/sqrt\(d\)\*", ("", "")),
    ("square lost", r"\^(?:\{2\}|2(?!\d))(?![^{}]*\}\s*\{\\partial)", r"\*\*2(?!\d)", ("", "")),
    ("2 lost", r"(?<![\d.^{_])2\s(?=[A-Za-z\\({])", r"(?<![\w.*])2\*", ("", "")),
]


def factors(page: str, twin: str, both: list[tuple[Token, Token]]) -> Iterator[Edit]:
    for name, a, b, new in FACTORS:
        for p, t in numbered(page, twin, a, b, new):
            yield Edit(name, ("factor",), p, t)
    for p, t in both:
        if not re.match(r"[A-Za-z]", p.what) or twin[t.end : t.end + 1] == "(":
            continue
        after = re.match(r"(?:\.T)?\s*([*@])", twin[t.end :])
        before = re.search(r"[*@]$", twin[: t.start])
        tail = re.match(rf"(?:{TRANSPOSE})?(?:\s|\\,)*(?:\\odot|\\circ|\\cdot|\*)?\s*", page[p.end :])
        head = re.search(r"(?:\\odot|\\circ|\\cdot|\*)\s*$", page[: p.start])
        transposed = re.match(TRANSPOSE, page[p.end :])
        if after and not twin[t.end :].startswith(("**", ".T**")):
            assert tail is not None
            if re.match(r"\^|_|'", page[p.end :]) and not transposed:
                continue
            yield Edit("factor lost", ("factor", "operand", "shape"), (p.start, p.end + tail.end(), ""),
                       (t.start, t.end + after.end(), ""))
        elif before and not re.match(r"\*\*|\[", twin[t.end :]):
            start = head.start() if head else p.start
            cut = 2 if twin[t.end :].startswith(".T") else 0
            end = p.end + (len(transposed.group()) if transposed and cut else 0)
            yield Edit("factor lost", ("factor", "operand", "shape"), (start, end, ""), (t.start - 1, t.end + cut, ""))


def base(key: str) -> str:
    """A name without its indices and numbers."""
    text = re.sub(r"[_^]\{[^{}]*\}|[_^]\w|\\[dt]?frac|\\partial|[{}\s]", "", key)
    return re.sub(r"[0-9₀-₉ᵢⱼₖₙ]", "", text)


def sort(key: str) -> str:
    """What a person may take for each other: a derivative for a derivative, a function for a function."""
    if "partial" in key or "∂" in key or key.startswith((r"\pd", r"\grad")):
        return "derivative"
    if ">" in key or key in {r"\exp", r"\log", r"\tanh", r"\sigma", r"\sigma'", r"\operatorname{diag}"}:
        return "function"
    return "entry" if re.search(r"_\{?[a-z]|[ᵢⱼₖₙ]", key) else "name"


def letters(text: str) -> set[str]:
    """The letters among the indices of a name."""
    parts = re.findall(r"[_^](?:\{[^{}]*\}|\w)|[ᵢⱼₖₙ]", text)
    single = r"(?<![A-Za-z\\])[a-z](?![A-Za-z])|[ᵢⱼₖₙ]"
    return {letter for part in parts for letter in re.findall(single, part[-1:] if len(part) <= 2 else part)}


def operands(
    page: str, near: str, both: list[tuple[Token, Token]], symbols: dict[str, Any], values: Any
) -> Iterator[Edit]:
    """Another name that stands near by, of the same sort and shape, or of another index."""
    table = [(key, v[0] if isinstance(v, tuple) else v) for key, v in symbols.items() if re.search(bounded(key), near)]
    used = letters(page)
    for p, t in both:
        if not re.match(r"[A-Za-z(]", p.what) or re.fullmatch(r"\d.*", p.what):
            continue
        written = page[p.start : p.end]
        for key, other in table:
            if other == p.what or key.endswith(("T}", "T")) != written.endswith(("T}", "T")):
                continue
            if sort(key) != sort(written) or not letters(key) <= used:
                continue
            here, there = values(p.what), values(other)
            same = base(written) == base(key)
            if here is None or there is None or (here != there and not same):
                continue
            slips = ("index", "shape", "operand") if same else ("operand",) if here == there else ("operand", "shape")
            yield Edit(f"{key} for {written}", slips, (p.start, p.end, key), (t.start, t.end, other))
        swapped = re.fullmatch(r"(\w)_\{(\w)(\w)\}", written)
        # Two letters that one sum binds may be exchanged: that is only a new name for each.
        renamed = swapped and re.search(rf"sum_\{{{swapped[2]},\s*{swapped[3]}\}}", page)
        if swapped and not renamed and p.what.endswith(f"[{swapped[2]},{swapped[3]}]"):
            yield Edit("indices swapped", ("index",), (p.start, p.end, f"{swapped[1]}_{{{swapped[3]}{swapped[2]}}}"),
                       (t.start, t.end, p.what.replace(f"[{swapped[2]},{swapped[3]}]", f"[{swapped[3]},{swapped[2]}]")))


def arrangements(page: str, twin: str, both: list[tuple[Token, Token]]) -> Iterator[Edit]:
    for p, t in both:
        if p.what == ".T" and page[p.start : p.start + 1] in "^ᵀ":
            yield Edit("transpose lost", SHAPES, (p.start, p.end, ""), (t.start, t.end, ""))
    if "outer(" in twin and ".T" not in twin:
        for p, t in numbered(page, twin, TRANSPOSE, r"outer\(", ("", "np.multiply(")):
            yield Edit("transpose lost", SHAPES, p, t)
    for (p, t), (q, u) in pairwise(both):
        between, inside = page[p.end : q.start], twin[t.end : u.start]
        if re.fullmatch(r"[\s(]*(\\odot|\\circ|\*)[\s(]*", between) and inside.strip("(") == "*":
            sign = re.sub(r"\\odot|\\circ|\*", lambda _: r"\cdot", between)
            yield Edit("· for ⊙", SHAPES, (p.end, q.start, sign), (t.end, u.start, inside.replace("*", "@")))
        if inside == "@" and re.fullmatch(r"\s*(\\,)?\s*", between):
            yield Edit("order", ("arrangement", "shape"),
                       (p.start, q.end, page[q.start : q.end] + " " + page[p.start : p.end]),
                       (t.start, u.end, twin[u.start : u.end] + "@" + twin[t.start : t.end]))
    for p, t in numbered(page, twin, r"\)\^\{-1\}", r"inv\(", (")", "(")):
        yield Edit("inverse lost", ("operand", "factor", "arrangement", "shape"), p, t)


def ranges(page: str, twin: str) -> Iterator[Edit]:
    """A sum that begins one too late."""
    sums, calls = list(re.finditer(r"\\sum(_\{\w=(\d)\})?|Σ", page)), list(re.finditer(r"\bS\(", twin))
    if len(sums) != len(calls):
        return
    for s, c in zip(sums, calls, strict=True):
        if not s.group(1):
            continue
        end = until(twin, c.end() - 1, r"(?!)")
        comma = twin.rfind(", ", c.end(), end)
        span = twin[comma + 2 : end]
        later = re.sub(r"range\((\d)", lambda m: f"range({int(m[1]) + 1}", span)
        new = later if "range" in span else f"range(1,{span})"
        if re.match(r"lambda \w+,", twin[c.end() :]):
            continue
        yield Edit("sum begins late", ("index",), (s.start(2), s.end(2), str(int(s[2]) + 1)), (comma + 2, end, new))


def decimals(both: list[tuple[Token, Token]]) -> Iterator[Edit]:
    for p, t in both:
        if not re.fullmatch(r"\d+\.\d\d+", p.what):
            continue
        whole, part = p.what.split(".")
        for k in range(len(part) - 1):
            if part[k] != part[k + 1]:
                new = f"{whole}.{part[:k]}{part[k + 1]}{part[k]}{part[k + 2 :]}"
                yield Edit("digits swapped", ("arithmetic",), (p.start, p.end, new), (t.start, t.end, new))
        new = f"{whole}.0{part[:-1]}"
        yield Edit("decimal point", ("arithmetic", "factor"), (p.start, p.end, new), (t.start, t.end, new))


# Planting -------------------------------------------------------------------------------------------------------------


class Shapes:
    """The shape of each name's value, None where it has none."""

    def __init__(self, truth: truths.Truth, chain: str):
        self.truth, self.ranges = truth, truths.split_chain(chain)[0]
        self.known: dict[str, Any] = {}

    def __call__(self, name: str) -> Any:
        if name not in self.known:
            head = ", ".join(f"{n}∈{n}_" for n, _ in self.ranges)
            names = self.truth.names(name)
            try:
                for n, r in self.ranges:
                    names[n] = next(iter(eval(r, dict(names))))  # noqa: S307 - the corpus's own data
                for n in "ijklmnstw":
                    names.setdefault(n, 1)
                self.known[name] = (head, truths.np.shape(eval(name, names)))  # noqa: S307 - the corpus's own data
            except (NameError, KeyError, IndexError, TypeError, SyntaxError, ValueError):
                self.known[name] = None
        return self.known[name]


def changes(truth: list[truths.Truth], chain: str) -> str:
    """What an edit did to a twin: "value", "shape", "" for nothing, "broken" where it cannot be evaluated."""
    kinds = set()
    for point in truth:
        try:
            kinds.add("value" if not all(truths.steps(point, chain)) else "")
        except (ValueError, IndexError) as problem:
            if isinstance(problem, IndexError) or "mismatch" in str(problem) or "broadcast" in str(problem):
                kinds.add("shape")
            else:
                return "broken"
        except (NameError, TypeError, SyntaxError, KeyError, AttributeError, AssertionError, OverflowError):
            return "broken"
        except truths.np.linalg.LinAlgError:
            return "broken"
    return kinds.pop() if len(kinds) == 1 else "broken"


def candidates(
    entry: dict[str, Any], near: str, truth: list[truths.Truth], symbols: dict[str, Any]
) -> Iterator[Plant]:
    """All edits of one formula that change its value; `near` is the text of the formulas before it."""
    page = entry["latex"]
    twins = entry["values"]
    whole = "\n".join(twins)
    both = [(p, t) for p, t in pairs(page_tokens(page, symbols), twin_tokens(whole, symbols))]
    first = [re.search(r" == ", c) for c in twins]
    starts, at = [], 0
    for c in twins:
        starts.append(at)
        at += len(c) + 1
    right = [(a, a + m.start(), a + len(c)) for a, m, c in zip(starts, first, twins, strict=True) if m]
    shapes = Shapes(truth[0], twins[0])
    edits = [
        *signs(page, whole, both),
        *sides(page, whole, both),
        *factors(page, whole, both),
        *operands(page, near, both, symbols, shapes),
        *arrangements(page, whole, both),
        *ranges(page, whole),
        *decimals(both),
    ]
    for edit in edits:
        if not any(m <= edit.twin[0] and edit.twin[1] <= end for _, m, end in right) or "\n" in edit.twin[2]:
            continue  # left of the first relation, or over two chains
        after, values = apply(page, edit.page), apply(whole, edit.twin).split("\n")
        if after == page or len(values) != len(twins) or after.count("{}") > page.count("{}"):
            continue
        if not balanced(after) or len(re.findall(DOUBLED, after)) > len(re.findall(DOUBLED, page)):
            continue  # no LaTeX that anybody would write
        edited = next(v for v, old in zip(values, twins, strict=True) if v != old) if values != twins else ""
        what = changes(truth, edited) if edited else ""
        if what in {"value", "shape"}:
            slips = edit.slips if what == "value" or "shape" in edit.slips else (*edit.slips, "shape")
            yield Plant(entry["document"], entry["formula"], edit.name, slips, page, after, (edited,))


def family(edit: str) -> str:
    return "operand" if " for " in edit and edit not in {"+ for -", "- for +", "· for ⊙"} else edit


def plant(name: str, each: int = EACH) -> list[Plant]:
    """The slips of one document: spread over its formulas and over the kinds of edit."""
    draw = random.Random(f"slips of {name}")
    truth = [truths.Truth(name, seed) for seed in (1, 2)]
    symbols = truth[0].module.SYMBOLS
    found: dict[str, list[Plant]] = defaultdict(list)
    entries = truths.ledger(name)
    for n, entry in enumerate(entries):
        if entry["verdict"] == "right" and entry["values"]:
            near = "\n".join(e["latex"] for e in entries[max(0, n - NEAR) : n + 1])
            for candidate in candidates(entry, near, truth, symbols):
                found[family(candidate.edit)].append(candidate)
    chosen: list[Plant] = []
    used: dict[int, int] = defaultdict(int)
    for of_kind in found.values():
        draw.shuffle(of_kind)
    kinds = sorted(found)
    draw.shuffle(kinds)
    while len(chosen) < each and any(found.values()):
        for kind in [*kinds, "operand"]:
            while found.get(kind):
                candidate = found[kind].pop()
                if used[candidate.formula] < 2 and candidate not in chosen:
                    used[candidate.formula] += 1
                    chosen.append(candidate)
                    break
            if len(chosen) == each:
                break
        else:
            if not any(used[c.formula] < 2 for rest in found.values() for c in rest):
                break
    return sorted(chosen, key=lambda c: (c.formula, c.after))


# Pages with a slip ----------------------------------------------------------------------------------------------------


def places(name: str) -> list[int]:
    """Where the text of each formula of a ledger begins in its page; in a notebook's cells, one after another."""
    opening = r"(?:\$|\\\(|\\\[|^|```math|(?=\\begin))\s*"
    text, at, found = source(name), 0, []
    if (begin := text.find(r"\begin{document}")) >= 0:
        at = begin
    for entry in truths.ledger(name):
        latex = entry["latex"]
        start = re.search(opening + re.escape(latex), text[at:], re.MULTILINE)
        assert start is not None, f"{name}: {latex}"
        found.append(at + start.end() - len(latex))
        at += start.end()
    return found


def source(name: str) -> str:
    """The text of a page; of a notebook the cells, one after another."""
    path = truths.page(name)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return text


def page_with(slip: Plant) -> str:
    """The whole page with the slip in it."""
    text, start = source(slip.document), places(slip.document)[slip.formula - 1]
    text = text[:start] + slip.after + text[start + len(slip.before) :]
    path = truths.page(slip.document)
    if path.suffix != ".ipynb":
        return text
    notebook, at = json.loads(path.read_text(encoding="utf-8")), 0
    for cell in notebook["cells"]:
        length = len("".join(cell["source"]))
        if at <= start < at + length:
            length += len(slip.after) - len(slip.before)
            cell["source"] = text[at : at + length].splitlines(keepends=True)
            break
        at += length + 1
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def planted() -> list[Plant]:
    """The slips as they were planted and kept."""
    rows = json.loads(PLANTED.read_text(encoding="utf-8"))
    return [Plant(**{**row, "slips": tuple(row["slips"]), "values": tuple(row["values"])}) for row in rows]


def main() -> None:
    rows = []
    for name in truths.documents():
        chosen = plant(name)
        rows += [asdict(p) for p in chosen]
        print(f"{name}: {len(chosen)}")  # noqa: T201 - a script speaks
    PLANTED.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(rows)} slips")  # noqa: T201 - a script speaks


if __name__ == "__main__":
    main()
