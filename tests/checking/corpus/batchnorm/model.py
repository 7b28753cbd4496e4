"""Batch normalisation of one feature: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "L"
m = 5
HELPERS = {"m": m}
SYMBOLS = {
    "∂L/∂yᵢ": "d_y[i]",
    "∂L/∂yⱼ": "d_y[j]",
    "∂L/∂x̂ᵢ": "d_xh[i]",
    "∂L/∂x̂ⱼ": "d_xh[j]",
    "∂L/∂xᵢ": "d_x[i]",
    "∂x̂ᵢ/∂v": 'J("xh","v")[i]',
    "∂L/∂γ": "d_gam",
    "∂L/∂β": "d_bet",
    "∂L/∂v": "d_v",
    "∂L/∂μ": "d_mu",
    "∂v/∂μ": 'J("v","mu")',
    "x̂ᵢ": "xh[i]",
    "x̂ⱼ": "xh[j]",
    "xᵢ": "x[i]",
    "yᵢ": "y[i]",
    "tᵢ": "t[i]",
    "ε": "eps",
    "γ": "gam",
    "μ": "mu",
    "v": "v",
    "m": "m",
}


def network(q):
    x, t = q.normal("x", m), q.normal("t", m)
    gam, bet, eps = q.normal("gam"), q.normal("bet"), q.positive("eps")
    mu = q("mu", np.mean(x))
    v = q("v", np.mean((x - mu) ** 2))
    xh = q("xh", (x - mu) / np.sqrt(v + eps))
    y = q("y", gam * xh + bet)
    q("L", 0.5 * np.sum((y - t) ** 2))
