"""Pages that bring their own network: from the chains of a page to a sheet that the ordinary reader loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import gradsheet as gs
from checking.handmade import page
from gradsheet.checking.context import aliased, context_of
from gradsheet.checking.network import PageNetwork, network_of, networks_of
from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.syntax.binding import bind
from gradsheet.syntax.plain import plain
from gradsheet.syntax.written_names import Known, NameTable

if TYPE_CHECKING:
    from gradsheet.checking.reading.model import Chain
    from gradsheet.syntax.tree import Expression

MLP = r"""
h^{(1)} = W^{(1)} x + b^{(1)}
a^{(1)} = \text{ReLU}(h^{(1)})
h^{(2)} = (W^{(2)})^T a^{(1)} + b^{(2)}
y = \sigma(h^{(2)})
J = \frac{1}{2} (t - y)^2
\frac{\partial J}{\partial W^{(1)}} = \frac{\partial J}{\partial y} \frac{\partial y}{\partial h^{(2)}}
"""

# Each page with the declarations, equations and questions that its sheet has to have, line by line.
PAGES = {
    "a scalar circuit": (
        r"""
        i_1 = w_1 x + b_1 = 4
        a = \max(0, i_1) = 4
        y = w_2 a + b_2 = 3
        i_2 = y - t = 2
        L = i_2^2 = 4
        \frac{\partial L}{\partial w_2} = 2
        \frac{\partial L}{\partial b_1} = 2
        """,
        """
        w1 ∈ ℝ; x ∈ ℝ; b1 ∈ ℝ; w2 ∈ ℝ; b2 ∈ ℝ; t ∈ ℝ
        i1 = w1 x + b1; a = max(0, i1); y = w2 a + b2; i2 = y - t; L = i2²
        parameters w2, b1; minimize L
        """,
    ),
    "layers above": (
        MLP,
        """
        W1 ∈ ℝ^(n×m); x ∈ ℝ^m; b1 ∈ ℝ^n; W2 ∈ ℝ^n; b2 ∈ ℝ; t ∈ ℝ
        h1 = W1 x + b1; a1 = ReLU (h1); h2 = (W2)ᵀ a1 + b2; y = σ(h2); J = 1/2 (t - y)²
        parameters W1; minimize J
        """,
    ),
    "layers below, softmax and cross-entropy": (
        r"""
        z_1 = W_1 x + b_1
        h_1 = \tanh(z_1)
        z_2 = W_2 h_1 + b_2
        \hat y = \text{softmax}(z_2)
        L = -\sum_k y_k \log \hat y_k
        \frac{\partial L}{\partial W_1} = \delta_1 x^T
        """,
        """
        W1 ∈ ℝ^(n×m); x ∈ ℝ^m; b1 ∈ ℝ^n; W2 ∈ ℝ^(d×n); b2 ∈ ℝ^d; y ∈ ℝ^d
        ŷ = softmax(z2); L = -sum[k] y[k] log ŷ[k]; parameters W1; minimize L
        """,
    ),
    "index notation": (
        r"""
        z_j = \sum_i w_{ji} x_i + b_j
        h_j = \sigma(z_j)
        y = \sum_j v_j h_j
        E = \frac12 (y-t)^2
        \frac{\partial E}{\partial w_{ji}} = (y-t) v_j h_j (1-h_j) x_i
        """,
        """
        w ∈ ℝ^(n×m); x ∈ ℝ^m; b ∈ ℝ^n; v ∈ ℝ^n; t ∈ ℝ
        z[j] = sum[i] w[j,i] x[i] + b[j]; h[j] = σ(z[j]); y = sum[j] v[j] h[j]; parameters w; minimize E
        """,
    ),
    "rows": (
        r"""
        z = x W_1 + b_1
        h = \tanh(z)
        \hat y = h W_2 + b_2
        L = \frac12 \|\hat y - y\|^2
        \frac{\partial L}{\partial W_1} = x^T ((\hat y-y) W_2^T \odot (1-h^2))
        """,
        """
        x ∈ ℝ^(1×n); W1 ∈ ℝ^(n×m); b1 ∈ ℝ^(1×m); W2 ∈ ℝ^(m×d); b2 ∈ ℝ^(1×d); y ∈ ℝ^(1×d)
        z = x W1 + b1; ŷ = h W2 + b2; minimize L
        """,
    ),
    "a batch": (
        r"""
        Z = X W + b
        A = \mathrm{softmax}(Z)
        L = -\frac{1}{N} \sum_{n=1}^N \sum_k Y_{nk} \log A_{nk}
        \frac{\partial L}{\partial W} = \frac1N X^T (A - Y)
        """,
        """
        X ∈ ℝ^(N×m); W ∈ ℝ^(m×d); b ∈ ℝ^d; Y ∈ ℝ^(N×d)
        Z = X W + ones (N) bᵀ; rows1[i,j] = softmax[j](argument1[i,j]); A = rows1
        L = -1/N sum[n in 1..N] sum[k] Y[n,k] log A[n,k]; parameters W; minimize L
        """,
    ),
    "an energy": (
        r"""
        E(v, h) = -b^T v - c^T h - v^T W h
        \frac{\partial E}{\partial W} = - v h^T
        """,
        "b ∈ ℝ^n; v ∈ ℝ^n; c ∈ ℝ^m; h ∈ ℝ^m; W ∈ ℝ^(n×m); E = -bᵀ v - cᵀ h - vᵀ W h; parameters W; minimize E",
    ),
    "a distribution over states": (
        r"""
        E(v, h) = -b^T v - c^T h - v^T W h
        Z = \sum_{v,h} e^{-E(v,h)}
        p(v) = \frac{1}{Z} \sum_h e^{-E(v,h)}
        """,
        """
        v ∈ {0,1}^(n); h ∈ {0,1}^(m); b ∈ ℝ^n; c ∈ ℝ^m; W ∈ ℝ^(n×m)
        E(v, h) = -bᵀ v - cᵀ h - vᵀ W h; Z = sum[v, h] e^(-E (v, h)); p(v) = 1/Z sum[h] e^(-E (v, h))
        """,
    ),
    "logistic regression": (
        r"""
        p = \sigma(w^T x + b)
        L = -t \log p - (1-t) \log(1-p)
        \frac{\partial L}{\partial w} = (p-t) x
        """,
        "w ∈ ℝ^n; x ∈ ℝ^n; b ∈ ℝ; t ∈ ℝ; p = σ(wᵀ x + b); parameters w; minimize L",
    ),
    "linear regression over examples": (
        r"""
        \hat y_n = \mathbf{w}^T \mathbf{x}_n + b
        L = \frac{1}{2N} \sum_{n=1}^N (\hat y_n - y_n)^2
        \frac{\partial L}{\partial \mathbf{w}} = \frac1N \sum_n (\hat y_n - y_n) \mathbf{x}_n
        """,
        """
        w ∈ ℝ^m; x ∈ ℝ^(N×m); b ∈ ℝ; y ∈ ℝ^N
        ŷ[n] = wᵀ x[n] + b; L = 1 / (2 N) sum[n in 1..N] (ŷ[n] - y[n])²; parameters w; minimize L
        """,
    ),
    "a recurrent network": (
        r"""
        h_t = \tanh(W h_{t-1} + U x_t + b)
        o_t = V h_t + c
        L = \sum_{t=1}^T \frac12 \|o_t - y_t\|^2
        \frac{\partial L}{\partial W} = \sum_t \delta_t h_{t-1}^T
        """,
        """
        h0 ∈ ℝ^n; W ∈ ℝ^(n×n); U ∈ ℝ^(n×m); x ∈ ℝ^(T×m); b ∈ ℝ^n; V ∈ ℝ^(d×n); c ∈ ℝ^d; y ∈ ℝ^(T×d)
        h[0] = h0; for t in 1..T; h[t] = tanh(W h[t-1] + U x[t] + b); o[t] = V h[t] + c; parameters W; minimize L
        """,
    ),
    "a cell with gates": (
        r"""
        f_t = \sigma(W_f h_{t-1} + U_f x_t + b_f)
        i_t = \sigma(W_i h_{t-1} + U_i x_t + b_i)
        o_t = \sigma(W_o h_{t-1} + U_o x_t + b_o)
        \tilde c_t = \tanh(W_c h_{t-1} + U_c x_t + b_c)
        c_t = f_t \odot c_{t-1} + i_t \odot \tilde c_t
        h_t = o_t \odot \tanh(c_t)
        """,
        """
        h0 ∈ ℝ^n; c0 ∈ ℝ^n; W_f ∈ ℝ^(n×n); U_o ∈ ℝ^(n×m); b_i ∈ ℝ^n; x ∈ ℝ^(T×m)
        c[0] = c0; h[0] = h0; c[t] = f[t] ⊙ c[t-1] + i[t] ⊙ c̃[t]; h[t] = o[t] ⊙ tanh(c[t])
        """,
    ),
    "attention for one head": (
        r"""
        Q = X W_Q
        K = X W_K
        V = X W_V
        O = \text{softmax}\left(\frac{Q K^T}{\sqrt{d_k}}\right) V
        L = \frac12 \|O - Y\|_F^2
        \frac{\partial L}{\partial W_Q} = X^T \frac{\partial L}{\partial Q}
        """,
        """
        X ∈ ℝ^(n×m); W_Q ∈ ℝ^(m×d); W_K ∈ ℝ^(m×d); d_k ∈ ℝ
        argument1 = ((Q Kᵀ) / (sqrt(d_k))); rows1[i,j] = softmax[j](argument1[i,j]); O = rows1 V
        parameters W_Q; minimize L
        """,
    ),
    "any depth": (
        r"""
        h^{(0)} = x
        z^{(l)} = W^{(l)} h^{(l-1)} + b^{(l)}; for l = 1, \dots, L
        h^{(l)} = g(z^{(l)})
        \mathcal{L} = \frac12 \|h^{(L)} - y\|^2
        \frac{\partial \mathcal{L}}{\partial W^{(l)}} = \delta^{(l)} h^{(l-1)T}
        """,
        """
        sizes n[0..L]; x ∈ ℝ^(n[0]); y ∈ ℝ^(n[L]); g : ℝ → ℝ; W[l] ∈ ℝ^(n[l]×n[l-1]); b[l] ∈ ℝ^(n[l])
        h[0] = x; z[l] = W[l] h[l-1] + b[l]; h[l] = g (z[l]); ℒ = 1/2 ‖h[L] - y‖²; parameters W; minimize ℒ
        """,
    ),
    "three layers, and a loss of the name of the depth": (
        r"""
        a^{[0]} = x
        z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}; for l = 1, 2, 3
        a^{[l]} = \sigma(z^{[l]})
        L = \frac12 \|a^{[3]} - y\|^2
        \frac{\partial L}{\partial W^{[l]}} = \delta^{[l]} (a^{[l-1]})^T
        """,
        "sizes n[0..3]; y ∈ ℝ^(n[3]); for l in 1..3; a[l] = σ(z[l]); L = 1/2 ‖a[3] - y‖²; minimize L",
    ),
    "weights the other way round": (
        r"""
        h^{(0)} = x
        h^{(l)} = \tanh((W^{(l)})^T h^{(l-1)}); for l = 1, \dots, D
        J = \|h^{(D)}\|^2
        \frac{\partial J}{\partial W^{(l)}} = 1
        """,
        "sizes n[0..D]; W[l] ∈ ℝ^(n[l-1]×n[l]); J = ‖h[D]‖²",
    ),
    "shapes that the page states": (
        r"""
        W \in \mathbb{R}^{m \times k}
        x \in \mathbb{R}^k
        y = W x
        L = \frac12 \|y - t\|^2
        \frac{\partial L}{\partial W} = (y-t) x^T
        """,
        "W ∈ ℝ^(m×k); x ∈ ℝ^k; t ∈ ℝ^m; minimize L",
    ),
    "shapes below": (
        r"""
        z = W_{2 \times 3} x
        L = \|z\|^2
        \frac{\partial L}{\partial W} = 2 z x^T
        """,
        "W ∈ ℝ^(2×3); x ∈ ℝ^3; z = W x",
    ),
    "word vectors": (
        r"""
        p_i = \frac{e^{u_i^T v}}{\sum_j e^{u_j^T v}}
        L = -\log p_o
        \frac{\partial L}{\partial v} = -u_o + \sum_i p_i u_i
        """,
        "u ∈ ℝ^(n×m); v ∈ ℝ^m; o ∈ 1..n; L = -log p[o]; parameters v; minimize L",
    ),
    "a normalisation": (
        r"""
        \mu = \frac1m \sum_{i=1}^m x_i
        \sigma^2 = \frac1m \sum_{i=1}^m (x_i - \mu)^2
        \hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}}
        y_i = \gamma \hat x_i + \beta
        L = \frac12 \sum_i (y_i - t_i)^2
        \frac{\partial L}{\partial \gamma} = \sum_i \frac{\partial L}{\partial y_i} \hat x_i
        """,
        "x ∈ ℝ^m; σ2 = 1/m sum[i in 1..m] (x[i] - μ)²; x̂[i] = (x[i] - μ) / (sqrt(σ2 + ε)); parameters γ; minimize L",
    ),
    "a function of the page": (
        r"""
        f(u) = u^2 + 1
        z = f(w x)
        L = f(z) - t
        \frac{\partial L}{\partial w} = f'(z) f'(w x) x
        """,
        "f(u) = u² + 1; z = f (w x); L = f (z) - t",
    ),
    "a loss with its arguments": (
        r"""
        J(w) = \|X w - y\|^2 + \lambda \|w\|^2
        \frac{\partial J}{\partial w} = 2 X^T (X w - y) + 2 \lambda w
        """,
        "X ∈ ℝ^(n×m); w ∈ ℝ^m; y ∈ ℝ^n; λ ∈ ℝ; J = ‖X w - y‖² + λ ‖w‖²",
    ),
    "plain text": (
        """
        z = w x + b
        y = σ(z)
        L = 1/2 (y - t)²
        """,
        "z = w x + b; y = σ(z); L = 1/2 (y - t)²; parameters w, b; minimize L",
    ),
    "from right to left": (
        r"""
        s = w^T x
        |s - t|^2 = e
        \frac{\partial e}{\partial s} = 2 (s - t)
        """,
        "s = wᵀ x; e = |s - t|²; minimize e",
    ),
    "a brace that defines": (
        r"""
        h = w_2 \underbrace{\max(0, w_1 x)}_a
        L = (h - t)^2
        \frac{\partial L}{\partial w_1} = 1
        """,
        "a = max(0, w1 x); h = w2 (max(0, w1 x))",
    ),
}


def lines(text: str) -> list[str]:
    return [part.strip() for line in text.strip().split("\n") for part in line.split(";") if part.strip()]


def made(text: str, **settings) -> PageNetwork:
    found = network_of(page(text), **settings)
    assert found is not None
    return found


@pytest.mark.parametrize(("text", "expected"), PAGES.values(), ids=PAGES.keys())
def test_a_page_becomes_a_sheet(text: str, expected: str):
    network = made(text)
    own = [line.strip() for line in network.sheet.split("\n")]
    assert [line for line in lines(expected) if line not in own] == [], network.sheet
    assert network.lacks == ()
    for sheet in network.sheets:
        gs.loads(sheet)


@pytest.mark.parametrize("name", [name for name in PAGES if "states" not in name and "gates" not in name])
def test_what_was_made_can_be_differentiated(name: str):
    network = made(PAGES[name][0])
    assert gs.loads(network.sheet).solve().verified is not False


# ---------------------------------------------------------------- the page's spellings find the names again


def bound(chain: Chain, network: PageNetwork, ranks: dict[str, Known]) -> list[str]:
    found = []
    for side in chain.sides:
        tree: Expression = aliased(side.tree, network.aliases)
        source = side.formula.text[side.span.start : side.span.end].lstrip()
        found.append(plain(bind(tree, NameTable(ranks), Diagnostics(Source(source)))))
    return found


def test_aliases_turn_the_page_into_the_sheet():
    chains = page(MLP)
    network = made(MLP)
    ranks = {"W1": Known(2), "W2": Known(1), "b1": Known(1), "b2": Known(0), "h1": Known(1), "h2": Known(0)}
    ranks |= {"a1": Known(1), "x": Known(1), "y": Known(0), "t": Known(0), "J": Known(0), "σ": Known(0, function=True)}
    told = [" = ".join(bound(chain, network, ranks)) for chain in chains]
    assert told[0] == "h1 = W1 x + b1"
    assert told[2] in {"h2 = (W2)^T a1 + b2", "h2 = (W2)ᵀ a1 + b2"}
    assert told[5] == "∂J/∂W1 = ∂J/∂y ∂y/∂h2"


def test_entries_in_a_small_letter_are_entries_of_the_matrix():
    network = made(MLP + r"h^{(1)} = w^{(1)}_{1,1} x_1" + "\n")
    tree = page(r"w_{1,2}^{(1)} = 0")[0].sides[0].tree
    assert plain(aliased(tree, network.aliases)).replace("_{1,2}", "[1,2]") == "W1[1,2]"


def test_calls_of_a_quantity_are_the_quantity():
    network = made(PAGES["an energy"][0])
    tree = page(r"-E(v, h) = 1")[0].sides[0].tree
    assert plain(aliased(tree, network.aliases)) == "-E"


# ---------------------------------------------------------------- what is a definition, and what is not


def test_the_chains_that_were_used_are_told():
    text = MLP + r"""
    y = \sigma(0) = 0.5
    h^{(1)} = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} x
    t = 1
    x = \begin{bmatrix} 1 \\ 0.5 \end{bmatrix}
    W^{(2)} = \begin{bmatrix} 1 \\ 1 \end{bmatrix}
    b^{(1)} = [0 \ -0.5]^T
    """
    network = made(text)
    assert network.definitions == (0, 1, 2, 3, 4, 8, 9, 10, 11)
    given = network.sheet.split("given\n")[1]
    assert [line.strip() for line in given.strip().split("\n")] == [
        "t = 1", "x = [1, 0.5]", "W2 = [1, 1]", "b1 = [0, -0.5]",
    ]  # fmt: skip


def test_a_second_equality_is_a_claim_in_the_same_question():
    text = "z = w x\ny = z^2\nz = w + x\n"
    network = made(text)
    assert network.definitions == (0, 1)
    assert "z = w x\n" in network.sheet


def test_gradients_and_updates_define_nothing():
    text = r"""
    y = w x
    L = \frac12 (y - t)^2
    \delta = \frac{\partial L}{\partial y}
    g = \delta x
    w = w - \eta g
    w_{new} = w - 0.1 \cdot 3
    \Delta w = -0.1 \cdot 3 x
    """
    network = made(text)
    assert network.definitions == (0, 1)
    assert "δ" not in network.sheet
    assert "new" not in network.sheet


def test_naming_the_entries_says_the_shape():
    network = made(r"""
    x = \begin{bmatrix} x_1 \\ x_2 \\ x_3 \end{bmatrix}
    z = w^T x
    L = z^2
    """)
    assert "x ∈ ℝ^3" in network.sheet
    assert "w ∈ ℝ^3" in network.sheet


def test_a_general_form_beside_numbered_layers_adds_nothing():
    text = r"""
    z^{(l)} = W^{(l)} h^{(l-1)}
    h^{(0)} = x
    z^{(1)} = W^{(1)} h^{(0)}
    h^{(1)} = \tanh(z^{(1)})
    \hat y = h^{(L)}
    """
    network = made(text)
    assert "z1 = W1 h0" in network.sheet
    assert "ŷ = h1" in network.sheet
    assert "for" not in network.sheet


# ---------------------------------------------------------------- several questions


def test_another_question_may_begin_another_network():
    text = r"""
    ## 1
    z = w^T x
    h = \sigma(z)
    L = (h - t)^2
    \frac{\partial L}{\partial w} = 2 (h-t) h (1-h) x
    ## 2
    h = \tanh(z)
    \frac{\partial L}{\partial w} = 2 (h-t) (1-h^2) x
    ## 3
    E = -b^T v
    \frac{\partial E}{\partial b} = -v
    """
    found = networks_of(page(text.replace("    ##", "##")))
    assert [start for start, _ in found] == [1, 5, 7]
    assert "h = σ(z)" in found[0][1].sheet
    assert "h = tanh(z)" in found[1][1].sheet
    assert "L = (h - t)²" in found[1][1].sheet, "what the second question uses and does not replace is kept"
    assert found[2][1].sheet.startswith("b ∈ ℝ^n\nv ∈ ℝ^n\n\nE = -bᵀ v\n")


def test_questions_that_build_on_one_another_are_one_network():
    text = "## 1\nz = w x\n## 2\ny = σ(z)\n## 3\nL = (y - t)²\n"
    found = networks_of(page(text))
    assert len(found) == 1
    assert "L = (y - t)²" in found[0][1].sheet


# ---------------------------------------------------------------- shapes that are open, and a context that closes them


def test_two_readings_that_are_equally_good_are_both_kept():
    text = r"""
    y = w_2 \max(0, w_1 x + b_1) + b_2
    L = |y - t|^2
    \frac{\partial L}{\partial b_1} = \begin{bmatrix} 1 \\ 2 \end{bmatrix}
    """
    network = made(text)
    assert "w1 ∈ ℝ\n" in network.sheet
    assert any("w1 ∈ ℝ^(m×d)" in sheet for sheet in network.alternatives)
    assert any("more than one way" in remark for remark in network.remarks)


def test_a_loss_is_a_number():
    assert "t ∈ ℝ\n" in made(MLP).sheet
    with_softmax = MLP.replace(r"\sigma(h^{(2)})", r"\text{softmax}(h^{(2)})")
    assert "J = 1/2 ‖t - y‖²" in made(with_softmax).sheet


def test_a_context_says_shapes_and_values():
    context = context_of(file=Source('shapes: {x: 3, "w_1": 2x3}\ngiven: {b: 2}\nconventions: {vectors: rows}\n'))
    network = made("z = w_1 x + b\nL = ‖z‖²\n", context=context)
    assert "w1 ∈ ℝ^(2×3)" in network.sheet
    assert "x ∈ ℝ^3" in network.sheet
    assert "b = 2" in network.sheet


# ---------------------------------------------------------------- what lacks is said, and nothing is made up


def test_what_depends_on_a_lost_definition_is_left_out():
    text = r"""
    h = \tanh(W x + \frac{\partial q}{\partial u})
    L = \|h - y\|^2
    z = w x
    \frac{\partial z}{\partial x} = w
    """
    network = made(text)
    assert "h" not in network.sheet
    assert "L" not in network.sheet
    assert network.lacks[0] == "the definition of h is left out: a derivative stands in its definition"
    assert "L is left out: it needs h" in network.lacks


def test_shapes_that_do_not_fit_are_said():
    text = r"""
    W \in \mathbb{R}^{2 \times 3}
    x \in \mathbb{R}^4
    y = W x
    L = \|y\|^2
    s = a + 1
    """
    network = made(text)
    assert "no shapes were found under which the definition of y conforms" in network.lacks
    assert "L is left out: it needs y" in network.lacks
    assert "s = a + 1" in network.sheet


def test_a_page_without_definitions_has_no_network():
    assert network_of(page(r"\frac{\partial L}{\partial w} = 2 x")) is None
    assert network_of([]) is None


def test_a_loss_that_is_nowhere_defined_is_made_up_only_on_request():
    text = r"""
    y_i = \gamma x_i + \beta
    \frac{\partial L}{\partial \gamma} = \sum_i \frac{\partial L}{\partial y_i} x_i
    """
    assert made(text).any_loss == ""
    assert "L" not in made(text).sheet
    [(_, network)] = networks_of(page(text), any_loss=True)
    assert network.any_loss == network.objective == "L"
    assert "L = sum[i] upstream_y[i] y[i]" in network.sheet
    assert any("stands for any loss" in remark for remark in network.remarks)


HOSTILE = [
    "x = x", "x = y\ny = x", "x_{i} = x_{i+1} + 1", "a = " + "+".join(f"w_{{{k}}} x_{{{k}}}" for k in range(200)),
    "W^{(l)} = W^{(l-1)}", "f(x) = f(f(x))", "E(v) = \\sum_v E(v)", "y = \\sum_{i=1}^{10^9} x_i",
    "z = A B C D F G H M P Q",
    "h_t = h_{t-1} + h_{t+1}", "e = e + 1", "e^x = 3 + x", "x = [1, [2, 3]]", "σ = σ(σ)", "y = f(x)(z)[i]",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_odd_pages_end_in_a_sheet_or_in_none(text: str):
    for _, network in networks_of(page(text)):
        for sheet in network.sheets:
            gs.loads(sheet)
