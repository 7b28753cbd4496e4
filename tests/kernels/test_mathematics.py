"""The functions against ball arithmetic: each keeps the bound that its docstring states, everywhere we look."""

from __future__ import annotations

import math
import re
from functools import cache

import numpy as np
import pytest
from flint import arb, ctx

from crosscheck import compiled_by_c, needs_compiler
from gradsheet.kernels import F32, F64, I64, KernelError, ModuleBuilder, pointer
from gradsheet.kernels.mathematics import FUNCTIONS, apply

pytest.importorskip("llvmlite", reason="compiling needs llvmlite")

from gradsheet.kernels.native import compiled

TYPES = {"f64": (F64, np.float64), "f32": (F32, np.float32)}
INF, NAN = math.inf, math.nan


def phi(x: arb) -> arb:
    return (-x / arb(2).sqrt()).erfc() / 2


def lgamma(x: arb) -> arb:
    return x.lgamma() if x > 0 else (arb.pi() / abs((arb.pi() * x).sin())).log() - (1 - x).lgamma()


# The function in balls, where it is defined, and where most of what happens happens.
REFERENCES = {
    "arccos": (arb.acos, (-1, 1)),
    "arcsin": (arb.asin, (-1, 1)),
    "arctan": (arb.atan, (-10, 10)),
    "arsinh": (arb.asinh, (-10, 10)),
    "cos": (arb.cos, (-1e5, 1e5)),
    "cosh": (arb.cosh, (-711, 711)),
    "digamma": (arb.digamma, (-10, 30)),
    "erf": (arb.erf, (-6, 6)),
    "exp": (arb.exp, (-746, 710)),
    "expm1": (arb.expm1, (-45, 710)),
    "gelu": (lambda x: x * phi(x), (-38.6, 10)),
    "lgamma": (lgamma, (-10, 30)),
    "log": (arb.log, (0, 3)),
    "log10": (lambda x: x.log() / arb(10).log(), (0, 3)),
    "log1p": (arb.log1p, (-1, 3)),
    "log2": (lambda x: x.log() / arb(2).log(), (0, 3)),
    "log_sigmoid": (lambda x: -(-x).exp().log1p(), (-800, 746)),
    "mish": (lambda x: x * x.exp().log1p().tanh(), (-760, 60)),
    "normal_cdf": (phi, (-38.6, 9)),
    "sigmoid": (lambda x: 1 / (1 + (-x).exp()), (-746, 40)),
    "silu": (lambda x: x / (1 + (-x).exp()), (-760, 60)),
    "sin": (arb.sin, (-1e5, 1e5)),
    "sinh": (arb.sinh, (-711, 711)),
    "softplus": (lambda x: x.exp().log1p(), (-746, 800)),
    "tan": (arb.tan, (-1e5, 1e5)),
    "tanh": (arb.tanh, (-20, 20)),
}
RELATIVE_TO_ONE = {"digamma", "lgamma"}
LOGARITHMIC = {"log", "log10", "log1p", "log2", "lgamma", "arsinh", "arctan", "sin", "cos", "tan"}

# At 0, −0, ∞, −∞.
SPECIAL = {
    "arccos": (math.pi / 2, math.pi / 2, NAN, NAN),
    "arcsin": (0.0, -0.0, NAN, NAN),
    "arctan": (0.0, -0.0, math.pi / 2, -math.pi / 2),
    "arsinh": (0.0, -0.0, INF, -INF),
    "cos": (1, 1, NAN, NAN),
    "cosh": (1, 1, INF, INF),
    "digamma": (-INF, INF, INF, NAN),
    "erf": (0.0, -0.0, 1, -1),
    "exp": (1, 1, INF, 0.0),
    "expm1": (0.0, -0.0, INF, -1),
    "gelu": (0.0, -0.0, INF, 0),
    "lgamma": (INF, INF, INF, NAN),
    "log": (-INF, -INF, INF, NAN),
    "log10": (-INF, -INF, INF, NAN),
    "log1p": (0.0, -0.0, INF, NAN),
    "log2": (-INF, -INF, INF, NAN),
    "log_sigmoid": (math.log(0.5), math.log(0.5), 0, -INF),
    "mish": (0.0, -0.0, INF, 0),
    "normal_cdf": (0.5, 0.5, 1, 0.0),
    "sigmoid": (0.5, 0.5, 1, 0.0),
    "silu": (0.0, -0.0, INF, 0),
    "sin": (0.0, -0.0, NAN, NAN),
    "sinh": (0.0, -0.0, INF, -INF),
    "softplus": (math.log(2), math.log(2), INF, 0.0),
    "tan": (0.0, -0.0, NAN, NAN),
    "tanh": (0.0, -0.0, 1, -1),
}


def bound(name: str) -> float:
    (found,) = re.findall(r"within ([\d.]+) ulp", FUNCTIONS[name].__doc__ or "")
    return float(found)


def arrays(names, of, lanes, *, taken=1):
    """Each function over arrays whose length is a multiple of the lanes."""
    module = ModuleBuilder()
    vector = of.by(lanes)
    inputs = {key: pointer(of, readonly=True) for key in "xz"[:taken]}
    for name in names:
        with module.function(f"all_{name}", {"n": I64, **inputs, "y": pointer(of)}, exported=True) as b:
            n, *given, y = b.parameters
            with b.loop("i", 0, n, step=lanes) as i:
                b.store(y, i, apply(name, *(b.load(x, i, vector.lanes) for x in given)))
    return module.build()


def values(function, x, *others):
    y = np.empty_like(x)
    function(len(x), x, *others, y)
    return y


@cache
def points(name: str, kind: str) -> np.ndarray:
    """Over all exponents, over the range that matters, and dense around 0, 1, 2 and multiples of π/2."""
    rng = np.random.default_rng(len(name))
    low, high = REFERENCES[name][1]
    widest = 705 if kind == "f64" else 87
    if kind == "f32":
        low, high = max(low, -104.5), min(high, 90)
    signs = rng.choice([-1.0, 1.0], 1600)
    exponents = rng.uniform(-widest, widest if name in LOGARITHMIC else 5, 400)
    parts = (
        signs[:400] * np.exp(exponents),
        rng.uniform(low, high, 800),
        signs[400:800] * np.exp(rng.uniform(-20, 2, 400)),
        signs[800:1200] * rng.choice([0.34657359, 0.44, 0.5, 0.9, 1.0, 2.0], 400) + np.exp(rng.uniform(-36, -3, 400)),
        np.round(rng.uniform(1, 3e5, 384)) * (np.pi / 2),
    )
    return np.concatenate(parts).astype(TYPES[kind][1])


@pytest.fixture(autouse=True)
def _precise():
    before, ctx.prec = ctx.prec, 200
    yield
    ctx.prec = before


def worst(name: str, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The largest error in ulp, and where."""
    reference = REFERENCES[name][0]
    smallest = float(np.finfo(x.dtype).smallest_subnormal)
    digits = np.finfo(x.dtype).nmant
    largest, place = 0.0, 0.0
    for at, value in zip(x.tolist(), y.tolist(), strict=True):
        exact = reference(arb(at))
        if not exact.is_finite():  # outside of the domain, or too large for balls: SPECIAL sees to those
            continue
        size = abs(float(exact))
        if name in RELATIVE_TO_ONE:
            size = max(size, 1.0)
        if size > np.finfo(x.dtype).max:
            assert math.isinf(value), (name, at, value)
            continue
        unit = max(smallest, 2.0 ** (math.frexp(size)[1] - 1 - digits)) if size else smallest
        assert math.isfinite(value), (name, at, value)
        error = float(abs(arb(value) - exact)) / unit if unit > smallest else float(abs(arb(value) - exact) / unit)
        if error > largest:
            largest, place = error, at
    return largest, place


def test_every_function_has_its_row():
    assert set(REFERENCES) == set(SPECIAL) == set(FUNCTIONS) - {"power"}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", REFERENCES)
def test_errors_stay_within_their_bounds(name: str, kind: str):
    of, _ = TYPES[kind]
    function = compiled(arrays([name], of, 16 if kind == "f32" else 8), level=1)[f"all_{name}"]
    x = points(name, kind)
    with np.errstate(all="ignore"):
        error, place = worst(name, x, values(function, x))
    assert error <= bound(name), f"{error:.2f} ulp at {place!r}"


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", SPECIAL)
def test_zeros_infinities_and_nan(name: str, kind: str):
    of, dtype = TYPES[kind]
    x = np.array([0.0, -0.0, INF, -INF, NAN, NAN, NAN, NAN] * 2, dtype)
    function = compiled(arrays([name], of, 16 if kind == "f32" else 8), level=1)[f"all_{name}"]
    y = values(function, x)
    expected = np.array(SPECIAL[name], dtype)
    assert np.array_equal(y[:4], expected, equal_nan=True)
    assert np.signbit(y[:2]).tolist() == np.signbit(expected[:2]).tolist()
    assert np.isnan(y[4:8]).all()


@needs_compiler
@pytest.mark.parametrize("kind", TYPES)
def test_the_same_bits_in_any_lanes_and_through_c(kind: str, tmp_path):
    of, dtype = TYPES[kind]
    names = [*SPECIAL]
    x = {
        name: np.concatenate([points(name, kind)[::13], np.array([0.0, -0.0, INF, -INF, NAN] * 3, dtype)])
        for name in names
    }
    x = {name: p[: len(p) // 16 * 16].copy() for name, p in x.items()}
    results = []
    for lanes in (1, 4, 8, 16):
        made = compiled(arrays(names, of, lanes), level=1)
        results.append({name: values(made[f"all_{name}"], x[name]) for name in names})
        if lanes in {1, 8}:
            folder = tmp_path / str(lanes)
            folder.mkdir()
            through_c = compiled_by_c(arrays(names, of, lanes), folder, pure=lanes == 1)
            results.append({name: values(through_c[f"all_{name}"], x[name]) for name in names})
    for name in names:
        first = np.nan_to_num(results[0][name], nan=123.0).tobytes()
        assert all(np.nan_to_num(r[name], nan=123.0).tobytes() == first for r in results[1:]), name


@pytest.mark.parametrize("kind", TYPES)
def test_powers(kind: str):
    of, dtype = TYPES[kind]
    function = compiled(arrays(["power"], of, 8, taken=2))["all_power"]
    rng = np.random.default_rng(3)
    x = np.concatenate([np.exp(rng.uniform(-80, 80, 800)), rng.uniform(0.5, 2, 800)]).astype(dtype)
    y = np.concatenate([rng.uniform(-8, 8, 800), rng.uniform(-120, 120, 800)]).astype(dtype)
    largest = 0.0
    with np.errstate(all="ignore"):
        for a, b, value in zip(x.tolist(), y.tolist(), values(function, x, y).tolist(), strict=True):
            exact = arb(a) ** arb(b)
            rounded = dtype(float(exact))
            if np.isinf(rounded) or rounded < np.finfo(dtype).tiny:
                continue
            largest = max(largest, float(abs(arb(value) - exact) / float(np.spacing(rounded))))
    assert largest <= bound("power")


@pytest.mark.parametrize("kind", TYPES)
def test_powers_at_their_ends(kind: str):
    of, dtype = TYPES[kind]
    function = compiled(arrays(["power"], of, 8, taken=2))["all_power"]
    ends = np.array([0.0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 2.5, -2.5, INF, -INF, NAN, 1e30], dtype)
    x, y = (grid.ravel().copy() for grid in np.meshgrid(ends, ends))
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    result = values(function, x, y)
    assert np.allclose(result, expected, rtol=4 * np.finfo(dtype).eps, atol=0, equal_nan=True)
    known = ~np.isnan(expected)
    assert np.array_equal(np.signbit(result[known]), np.signbit(expected[known]))


def test_there_is_no_other_function():
    module = ModuleBuilder()
    with module.function("f", {"n": I64}) as b, pytest.raises(KernelError, match="there is no sin of i64"):
        apply("sin", b.parameters[0])
