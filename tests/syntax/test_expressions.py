"""How expressions group: one table for each rule."""

from __future__ import annotations

import pytest

from gradsheet.diagnostics import Diagnostics, SheetError, Source, Span
from gradsheet.syntax import parse_expression
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import Name, Product
from syntax.trees import read, shape


def table(*rows: tuple[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("text", "expected"), rows, ids=[row[0] for row in rows])


@table(
    ("0.5", "1/2"),
    (".5", "1/2"),
    ("1e-3", "1/1000"),
    ("2E5", "200000"),
    ("1.5e+2", "150"),
    ("½", "1/2"),
    ("⅓ x", "{1/3 x}"),
    ("0..R", "0..R"),
    ("0..T-R", "0..<+T -R>"),
    ("-1..n", "<-1>..n"),
    ("2x", "{2 x}"),
    ("2e^x", "{2 pow(e, x)}"),
    ("2.5 x", "{5/2 x}"),
    ("10^(10^9)", "pow(10, (pow(10, 9)))"),
)
def test_numbers(text, expected):
    assert shape(read(text)) == expected


@table(
    ("a b c", "{a b c}"),
    ("1/2 x", "{1 / 2 x}"),
    ("a/b c", "{a / b c}"),
    ("a * b / c ⊙ d", "{a * b / c ⊙ d}"),
    ("a + b c - d", "<+a +{b c} -d>"),
    ("-a b", "<-{a b}>"),
    ("-a + b", "<-a +b>"),
    ("a - -b", "<+a -<-b>>"),
    ("--a", "<-<-a>>"),
    ("+a", "a"),
    ("a * -b c", "{a * <-b> c}"),
    ("-x²", "<-pow(x, 2)>"),
    ("a < b + c ≤ d", "cmp(a < <+b +c> ≤ d)"),
    ("not a < b and c or d", "or(and(not(cmp(a < b)), c), d)"),
    ("not not a", "not(not(a))"),
    ("a and b and c", "and(a, b, c)"),
    ("a + b if c < d else e + f", "if(cmp(c < d): <+a +b>; <+e +f>)"),
    ("a if p else b if q else c", "if(p: a; if(q: b; c))"),
    ("x ∈ 1..n", "cmp(x ∈ 1..n)"),
    ("a == b", "cmp(a = b)"),
    ("a = b = c", "cmp(a = b = c)"),
)
def test_precedence(text, expected):
    assert shape(read(text)) == expected


@table(
    ("f (x)", "{f (x)}"),
    ("a (b)²", "{a pow((b), 2)}"),
    ("log p[i]", "{log p[i]}"),
    ("2 log s[k]", "{2 log s[k]}"),
    ("log p(V[i])", "{log p (V[i])}"),
    ("f(x)(y)", "{f (x) (y)}"),
    ("max(0, W x)", "{max (0, {W x})}"),
    ("f(x,)", "{f (x)}"),
    ("mean L", "{mean L}"),
    ("1/sqrt(c) x", "{1 / sqrt (c) x}"),
    ("√x", "{sqrt (x)}"),
    ("√(x + 1) y", "{sqrt (<+x +1>) y}"),
    ("1/√n x", "{1 / sqrt (n) x}"),
    ("√|x|", "{sqrt (|x|)}"),
)
def test_names_decide_nothing(text, expected):
    assert shape(read(text)) == expected


@table(
    ("x²", "pow(x, 2)"),
    ("A⁻¹", "pow(A, <-1>)"),
    ("A^-1", "pow(A, <-1>)"),
    ("xⁿ⁺¹", "pow(x, <+n +1>)"),
    ("x¹²", "pow(x, 12)"),
    ("xᵀ", "T(x)"),
    ("A⁻ᵀ", "T(pow(A, <-1>))"),
    ("A⁻¹ᵀ", "T(pow(A, <-1>))"),
    ("xᵀ²", "pow(T(x), 2)"),
    ("x^⊤", "T(x)"),
    ("x^T y", "{pow(x, T) y}"),
    ("w' x", "{prime1(w) x}"),
    ("W2'", "prime1(W2)"),
    ("f''(s2)", "{prime2(f) (s2)}"),
    ("f″", "prime2(f)"),
    ("w’ x′", "{prime1(w) prime1(x)}"),
    ("(A B)'", "prime1(({A B}))"),
    ("h2²", "pow(h2, 2)"),
    ("h^{2}", "pow(h, 2)"),
    ("h^{a+b} c", "{pow(h, <+a +b>) c}"),
    ("a^b^c", "pow(a, pow(b, c))"),
    ("(a^b)^c", "pow((pow(a, b)), c)"),
    ("e^-x y", "{pow(e, <-x>) y}"),
    ("e^(-v)", "pow(e, (<-v>))"),
    ("2^n[i]", "pow(2, n[i])"),
    ("x²[i]", "pow(x, 2)[i]"),
    ("x^2'", "prime1(pow(x, 2))"),
    ("x²'", "prime1(pow(x, 2))"),
    ("a b²", "{a pow(b, 2)}"),
)
def test_postfixes(text, expected):
    assert shape(read(text)) == expected


@table(
    ("x[i]", "x[i]"),
    ("W[i, j-1]", "W[i, <+j -1>]"),
    ("V[:,c]", "V[:, c]"),
    ("x[1..3]", "x[1:3]"),
    ("x[2:4]", "x[2:4]"),
    ("x[2:]", "x[2:]"),
    ("x[:n]", "x[:n]"),
    ("h[l-1][i]", "h[<+l -1>][i]"),
    ("(A B)[i,j]", "({A B})[i, j]"),
    ("softmax(z)[i]", "{softmax (z)[i]}"),
    ("x [i]", "x[i]"),
    ("a [z > 0]", "{a [cmp(z > 0)]}"),
    ("a [z > 0]²", "{a pow([cmp(z > 0)], 2)}"),
    ("a [z > 0] [y > 0]", "{a [cmp(z > 0)] [cmp(y > 0)]}"),
    ("(1 - y) [i = j] b", "{(<+1 -y>) [cmp(i = j)] b}"),
    ("[z > 0] x", "{[cmp(z > 0)] x}"),
    ("[1, 2; 3, 4]", "[1, 2; 3, 4]"),
    ("[[1,2],[3,4]]", "[[1, 2], [3, 4]]"),
    ("[1, 2,]", "[1, 2]"),
    ("[1 - 1, -2]", "[<+1 -1>, <-2>]"),
    ("2 * [1, 0]", "{2 * [1, 0]}"),
)
def test_square_brackets(text, expected):
    assert shape(read(text)) == expected


@table(
    ("|r|", "|r|"),
    ("‖x‖", "‖x‖"),
    ("||x||", "‖x‖"),
    ("|a| |b|", "{|a| |b|}"),
    ("|a||b|", "{|a| |b|}"),
    ("‖x‖‖y‖", "{‖x‖ ‖y‖}"),
    ("||x||||y||", "{‖x‖ ‖y‖}"),
    ("a |b|", "{a |b|}"),
    ("κ (|r| - κ/2)", "{κ (<+|r| -{κ / 2}>)}"),
    ("‖x - |y|‖", "‖<+x -|y|>‖"),
    ("‖x |y|‖", "‖{x |y|}‖"),
    ("|(|a|)|", "|(|a|)|"),
    ("‖x‖₁", "‖x; 1‖"),
    ("‖x‖_1", "‖x; 1‖"),
    ("‖W‖_F²", "pow(‖W; F‖, 2)"),
    ("‖x‖_∞", "‖x; ∞‖"),
    ("||x||_inf", "‖x; ∞‖"),
    ("‖x‖²", "pow(‖x‖, 2)"),
    ("‖x‖₂² y", "{pow(‖x; 2‖, 2) y}"),
    ("1/2 ‖W x - t‖² + c", "<+{1 / 2 pow(‖<+{W x} -t>‖, 2)} +c>"),
    ("|x|/2", "{|x| / 2}"),
)
def test_bars(text, expected):
    assert shape(read(text)) == expected


@table(
    ("sum[i] a[i] b[i] + c", "<+sum[i]({a[i] b[i]}) +c>"),
    ("1/N sum[i] a / b * c ⊙ d", "{1 / N sum[i]({a / b * c ⊙ d})}"),
    ("sum[i] a sum[j] b c", "sum[i]({a sum[j]({b c})})"),
    ("sum[i] a if b else c", "if(b: sum[i](a); c)"),
    ("(sum[i] a) b", "{(sum[i](a)) b}"),
    ("f(sum[i] a, b)", "{f (sum[i](a), b)}"),
    ("sum[i] -a b", "sum[i](<-{a b}>)"),
    ("sum[k, s in 0..R] x", "sum[k, s in 0..R](x)"),
    ("sum[i=1..N] x", "sum[i in 1..N](x)"),
    ("sum [i] x", "sum[i](x)"),
    ("Σ_i x[i]", "sum[i](x[i])"),
    ("Σ_{i} x", "sum[i](x)"),
    ("Σ_{i,j} x", "sum[i, j](x)"),
    ("Σᵢ x[i]", "sum[i](x[i])"),
    ("Σᵢⱼ x", "sum[i, j](x)"),
    ("Σ[i] x", "sum[i](x)"),
    ("∑_i x", "sum[i](x)"),
    ("∑ᵢ₌₁ⁿ x", "sum[i in 1..n](x)"),
    ("Σ_{i=1}^N x", "sum[i in 1..N](x)"),
    ("Σ_{i=1}^{N} x + y", "<+sum[i in 1..N](x) +y>"),
    ("Σ_{i in 1..N} x", "sum[i in 1..N](x)"),
    ("Σ_{i=1..N} x", "sum[i in 1..N](x)"),
    ("prod[i] x", "prod[i](x)"),
    ("∏_i x", "prod[i](x)"),
    ("Π_i x y", "prod[i]({x y})"),
    ("max[j] x y", "max[j]({x y})"),
    ("max_j x", "max[j](x)"),
    ("mean[i] x / y", "mean[i]({x / y})"),
    ("softmax[j](S[i,j]) V", "{softmax[j]((S[i, j])) V}"),
    ("softmax[j] x y", "softmax[j]({x y})"),
    ("softmax[j](x)[k]", "softmax[j]((x))[k]"),
    ("lse[j](x) + y", "<+logsumexp[j]((x)) +y>"),
    ("log_softmax[j](x)", "logsoftmax[j]((x))"),
    ("Σ⁻¹ x", "{pow(Σ, <-1>) x}"),
    ("Sigma x", "{Σ x}"),
    ("mean_x - mean_y", "<+mean_x -mean_y>"),
    ("mean_x -(a)", "<+mean_x -(a)>"),
    ("|mean_x|", "|mean_x|"),
    ("max_x if a else b", "if(a: max_x; b)"),
    ("Σ_i |x[i]|", "sum[i](|x[i]|)"),
    ("|Σ_k|", "|Σ_k|"),
    ("maxⱼ x", "max[j](x)"),
    ("sum_sq", "sum_sq"),
    ("sum [z > 0]", "{sum [cmp(z > 0)]}"),
)
def test_binders_reach_over_the_product_to_their_right(text, expected):
    assert shape(read(text)) == expected


@table(
    ("∂L/∂W1", "D(L; W1)"),
    ("∂L/∂z2 h1'", "{D(L; z2) prime1(h1)}"),
    ("∂L/∂z3'", "prime1(D(L; z3))"),
    ("∂L/∂z[l+1]", "D(L; z[<+l +1>])"),
    ("∂h[i]/∂a[j] ∂a[j]/∂x", "{D(h[i]; a[j]) D(a[j]; x)}"),
    ("∂²L/∂w²", "D(L; w, w)"),
    ("∂^2 L/∂w^2", "D(L; w, w)"),
    ("(∂²L/∂w²)⁻¹ ∂L/∂w", "{pow((D(L; w, w)), <-1>) D(L; w)}"),
    ("∂²L/∂w∂v", "D(L; w, v)"),
    ("∂²L/(∂w ∂v)", "D(L; w, v)"),
    ("∂³L/∂w²∂v", "D(L; w, w, v)"),
    ("∂(a + b)/∂w", "D((<+a +b>); w)"),
    ("∂f(x)/∂x y", "{D({f (x)}; x) y}"),
    ("η ∂L/∂W", "{η D(L; W)}"),
    ("dL/dW", "D<dL/dW>(L; W)"),
    ("dL/dW1 x", "{D<dL/dW1>(L; W1) x}"),
    ("dsigma/dlambda_1", "D<dsigma/dlambda_1>(σ; λ_1)"),
    ("dh[i]/da[j]", "D<dh/da>(h[i]; a[j])"),
    ("dL/dz'", "prime1(D<dL/dz>(L; z))"),
    ("d2L/dw2", "D<d2L/dw2>(L; w, w)"),
    ("d^2L/dw^2", "D(L; w, w)"),
    ("d²L/dw²", "D(L; w, w)"),
    ("d²L/dw dv", "D(L; w, v)"),
    ("d2L/dw1^2", "D(L; w1, w1)"),
    ("d/e", "{d / e}"),
    ("d1/d2", "{d1 / d2}"),
    ("d x", "{d x}"),
    ("d/dim", "{d / dim}"),
    ("d^2 L/dw", "{pow(d, 2) L / dw}"),
    ("1/da/db", "{1 / da / db}"),
    ("delta/dx", "{δ / dx}"),
)
def test_derivatives(text, expected):
    assert shape(read(text)) == expected


@table(
    ("a .* b ./ c", "{a ⊙ b ⊘ c}"),
    ("a ∘ b · c", "{a ⊙ b · c}"),
    ("a − b", "<+a -b>"),
    ("a <= b", "cmp(a ≤ b)"),
    ("a != b", "cmp(a ≠ b)"),
    ("a >= b and ¬c ∨ d", "or(and(cmp(a ≥ b), not(c)), d)"),
    ("i in 1..n", "cmp(i ∈ 1..n)"),
    ("-inf", "<-∞>"),
    ("infinity", "∞"),
    ("R x", "{R x}"),
    ("a ÷ b", "{a / b}"),
    ("a # comment", "a"),
    ("a +\n  b", "<+a +b>"),
)
def test_spellings(text, expected):
    assert shape(read(text)) == expected


def test_spans_point_at_the_text():
    source = Source("y + (W1 x)²[i] ∂L/∂w'")
    tree = parse_expression(source, Diagnostics(source))
    texts = {source.text[node.span.start : node.span.end] for node in walk(tree)}
    assert {"y", "W1", "x", "W1 x", "(W1 x)", "(W1 x)²", "(W1 x)²[i]", "∂L/∂w", "∂L/∂w'", source.text} <= texts


def test_names_keep_the_spelling_of_the_author():
    tree = read("eta y\u0302")
    assert isinstance(tree, Product)
    assert tree == read("η ŷ")
    assert [f.item.text for f in tree.factors if isinstance(f.item, Name)] == ["eta", "y\u0302"]


@pytest.mark.parametrize("text", ["", "  \n# only a comment\n", "a b)", "(a", "a +", "x = 1 y = 2 ,"])
def test_what_is_no_expression_is_refused(text):
    source = Source(text)
    with pytest.raises(SheetError):
        parse_expression(source, Diagnostics(source))


def test_spans_are_no_part_of_equality():
    assert read("a  +  b").span != Span(0, 0)
    assert read("a  +  b") == read("a+b")
