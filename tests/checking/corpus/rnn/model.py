"""An Elman network over three steps: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "L"
T, d, m, p = 3, 2, 3, 2
HELPERS = {"T": T, "T1": T - 1}
SYMBOLS = {
    r"\grad{\vec{o}_t}": "d_o[t]",
    r"\grad{\vec{h}_t}": "d_h[t]",
    r"\grad{\vec{h}_T}": "d_h[T]",
    r"\grad{\vec{h}_{t+1}}": "d_h[t+1]",
    r"\grad{\vec{c}}": "d_c",
    r"\grad{\vec{b}}": "d_b",
    r"\grad{V}": "d_V",
    r"\grad{W}": "d_W",
    r"\grad{U}": "d_U",
    r"\frac{\partial \vec{h}_{t+1}}{\partial \vec{h}_t}": 'J(f"h[{t+1}]",f"h[{t}]")',
    r"\vec{\delta}_t": "d_s[t]",
    r"\vec{\delta}_{t+1}": "d_s[t+1]",
    r"\vec{o}_t": "o[t]",
    r"\vec{y}_t": "y[t]",
    r"\vec{h}_t": "h[t]",
    r"\vec{x}_t": "x[t]",
    r"\vec{o}_T": "o[T]",
    r"\vec{y}_T": "y[T]",
    r"\vec{h}_{t+1}": "h[t+1]",
    r"\vec{h}_{t-1}": "h[t-1]",
    r"\operatorname{diag}": "diag",
    "V": "V",
    "W": "W",
    "U": "U",
}


def network(q):
    x = {t: q.normal(f"x[{t}]", d) for t in range(1, T + 1)}
    y = {t: q.normal(f"y[{t}]", p) for t in range(1, T + 1)}
    W, U, b = q.normal("W", m, m), q.normal("U", m, d), q.normal("b", m)
    V, c = q.normal("V", p, m), q.normal("c", p)
    h = {0: q("h[0]", np.zeros(m))}
    loss = 0.0
    for t in range(1, T + 1):
        s = q(f"s[{t}]", W @ h[t - 1] + U @ x[t] + b)
        h[t] = q(f"h[{t}]", np.tanh(s))
        o = q(f"o[{t}]", V @ h[t] + c)
        loss = loss + 0.5 * np.sum((o - y[t]) ** 2)
    q("L", loss)
