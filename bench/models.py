"""The same network for each tool: n layers of tanh without intercepts, squared error, every gradient."""

from __future__ import annotations

import importlib
import json
import sys
import time

WIDTH = 2
"""SymPy needs explicit matrices; the others have symbolic widths."""


def sheet(layers: int) -> str:
    """A sheet with every layer written out."""
    lines = ["x, y ∈ ℝ^n"]
    lines += [f"W{i} ∈ ℝ^(n×n), b{i} ∈ ℝ^n" for i in range(1, layers + 1)]
    lines += ["h0 = x"]
    for i in range(1, layers + 1):
        lines += [f"z{i} = W{i} h{i - 1} + b{i}", f"h{i} = tanh(z{i})"]
    lines += [f"L = 1/2 ‖h{layers} - y‖²"]
    lines += ["parameters " + ", ".join(f"W{i}, b{i}" for i in range(1, layers + 1)), "minimize L", ""]
    return "\n".join(lines)


def family(_layers: int) -> str:
    """The same network as a family; its depth is a symbol."""
    return """
x, y ∈ ℝ^n
h[0] = x
for l in 1..D
  W[l] ∈ ℝ^(n×n), b[l] ∈ ℝ^n
  z[l] = W[l] h[l-1] + b[l]
  h[l] = tanh(z[l])
L = 1/2 ‖h[D] - y‖²
parameters W, b
minimize L
"""


def gradsheet(text: str) -> dict[str, float]:
    gs = importlib.import_module("gradsheet")
    gs.loads(family(0)).derive()  # the modules that a first derivation imports are no part of the time
    start = time.perf_counter()
    loaded = gs.loads(text)
    read = time.perf_counter()
    loaded.derive()
    end = time.perf_counter()
    return {"seconds": end - start, "read": read - start, "derive": end - read}


def sympy(layers: int) -> dict[str, float]:
    sp = importlib.import_module("sympy")
    start = time.perf_counter()
    x = sp.Matrix(sp.symbols(f"x:{WIDTH}"))
    y = sp.Matrix(sp.symbols(f"y:{WIDTH}"))
    weights = [sp.Matrix(WIDTH, WIDTH, sp.symbols(f"W{i}_:{WIDTH * WIDTH}")) for i in range(layers)]
    shifts = [sp.Matrix(sp.symbols(f"b{i}_:{WIDTH}")) for i in range(layers)]
    h = x
    for weight, shift in zip(weights, shifts, strict=True):
        h = (weight * h + shift).applyfunc(sp.tanh)
    loss = sum((h - y).applyfunc(lambda e: e**2)) / 2
    for parameter in [*weights, *shifts]:
        parameter.applyfunc(lambda entry: sp.diff(loss, entry))
    return {"seconds": time.perf_counter() - start}


def tensorgrad(layers: int) -> dict[str, float]:
    sp = importlib.import_module("sympy")
    tg = importlib.import_module("tensorgrad")
    functions = importlib.import_module("tensorgrad.functions")
    start = time.perf_counter()
    d = sp.symbols("d")
    h = tg.Variable("x", d)
    parameters = []
    for i in range(layers):
        weight, shift = tg.Variable(f"W{i}", d=d, e=d), tg.Variable(f"b{i}", d)
        parameters += [weight, shift]
        h = functions.tanh(weight.rename(e="k") @ h.rename(d="k") + shift)
    loss = functions.frobenius2(h - tg.Variable("y", d)) / 2
    for parameter in parameters:
        loss.grad(parameter).full_simplify()
    return {"seconds": time.perf_counter() - start}


def main() -> None:
    """Time one tool at one depth in this process, and print the seconds."""
    tool, layers = sys.argv[1], int(sys.argv[2])
    match tool:
        case "gradsheet":
            result = gradsheet(sheet(layers))
        case "gradsheet-family":
            result = gradsheet(family(layers))
        case "sympy":
            result = sympy(layers)
        case "tensorgrad":
            result = tensorgrad(layers)
        case _:
            sys.exit(f"no such tool: {tool}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
