"""What is measured against what: the rows of the table, with what each must reach and what it aims at."""

from __future__ import annotations

from dataclasses import dataclass

from workloads import (
    SGD,
    WIDE,
    Boltzmann,
    Convolution,
    Factorisation,
    Layers,
    Logistic,
    Network,
    Workload,
    deep,
    grown,
    seeds,
)  # fmt: skip

Peer = tuple[str, str]
"""A module of `engines` and a variant that it knows."""


@dataclass(frozen=True)
class Comparison:
    """Ours against the best of some peers."""

    against: str
    peers: tuple[Peer, ...]
    must: float | None = None
    aim: float | None = None


@dataclass(frozen=True)
class Case:
    """One workload with its comparisons."""

    part: str
    title: str
    workload: Workload
    comparisons: tuple[Comparison, ...]

    @property
    def cores(self) -> int:
        return self.workload.threads


def jax(*variants: str) -> tuple[Peer, ...]:
    return tuple(("in_jax", v) for v in variants)


def torch(*variants: str) -> tuple[Peer, ...]:
    return tuple(("in_torch", v) for v in variants)


EAGER = torch("eager, SGD", "eager, SGD fused", "eager, autograd.grad")
SCANS = jax("scan", "scan, unroll 4", "scan, unroll 8", "scan, unroll 16", "fori_loop")
SEEDS = jax("vmap of scan", "vmap of scan, unroll 8")
LONG = jax(
    "scan", "scan, unroll 4", "scan, W as in × out", "fori_loop", "fori_loop, W as in × out", "scan, gradient by hand"
)
BATCHES = (
    *jax("scan", "scan, W as in × out"),
    *torch("eager, SGD foreach", "eager, SGD fused", "eager, gradient by hand", "torch.compile"),
)
LAYERS = (*jax("channels first", "channels last"), *torch("eager", "torch.compile"))
CURVES = (*jax("scan, W as in × out"), *torch("eager, SGD foreach"))
BEST = "the better of JAX and PyTorch"


def _mlp(batch: int, must: float | None, aim: float, threads: int = 1) -> Case:
    also = (Comparison("scikit-learn", (("in_sklearn", ""),)),) if batch == 128 and threads == 1 else ()
    title = f"784-512-256-10 ReLU, batch {batch}, float32" + (f", {threads} threads" if threads > 1 else "")
    return Case("mlp", title, deep(batch, threads), (Comparison(BEST, BATCHES, must, aim), *also))


def _seeds(copies: int, precision: str) -> Case:
    title = f"4-4-3-3 from {copies} seeds at once, {precision}, per model"
    return Case("seeds", title, seeds(copies, precision), (Comparison("JAX vmap", SEEDS, 0.20, 0.10),))


def _convolution(kernel: int, must: float, aim: float) -> Case:
    title = f"convolution + ReLU with its pullback, kernel {kernel}, float32"
    return Case("convolution", title, Convolution(kernel), (Comparison(BEST, LAYERS, must, aim),))


def _logistic(d: int) -> Case:
    routes = Comparison("JAX's best route", jax("jacrev(grad)", "hessian"), 0.40, 0.28)
    return Case("hessian", f"Hessian of logistic regression, d {d}, float64", Logistic(d), (routes,))


def _boltzmann(precision: str) -> Case:
    title = f"exact gradient of a 16 × 16 Boltzmann machine, {precision}"
    peers = (*jax("states as a matrix"), *torch("eager", "torch.compile"))
    return Case("boltzmann", title, Boltzmann(precision=precision), (Comparison(BEST, peers),))


TABLE: dict[str, Case] = {
    "sgd": Case(
        "sgd", "4-4-3-3 tanh, one sample a step, float64", SGD,
        (Comparison("JAX scanning the epoch", SCANS, 0.12, 0.09), Comparison("PyTorch eager", EAGER, 1 / 2000)),
    ),
    "seeds-8": _seeds(8, "float64"),
    "seeds-16": _seeds(16, "float32"),
    "wide": Case(
        "wide", "784-128-10 tanh, one sample a step, float32", WIDE,
        (Comparison("JAX's loop", LONG, 0.70, 0.48), Comparison("PyTorch eager", EAGER, 1 / 40)),
    ),
    **{f"mlp-{b}": _mlp(b, 1.05, aim) for b, aim in ((32, 0.80), (128, 0.93), (1024, 0.97))},
    **{f"mlp-{b}-threads": _mlp(b, None, aim, 2) for b, aim in ((32, 0.70), (128, 0.90), (1024, 0.97))},
    "convolution-5": _convolution(5, 0.85, 0.65),
    "convolution-64": _convolution(64, 1.05, 0.42),
    "hessian-300": _logistic(300),
    "hessian-1000": _logistic(1000),
    "hessian-factors": Case(
        "hessian", "Hessian of ‖T − U Vᵀ‖², d 200, k 5, dense, float64", Factorisation(),
        (Comparison("JAX's mapped products", jax("products, 20", "products, 50", "products, 100"), 1 / 50, 1 / 300),),
    ),
    "hessian-layers": Case(
        "hessian", "Hessian of 10 layers of ReLU, width 32, 32 samples, float64", Layers(),
        (Comparison("JAX's best route", jax("hessian", "jacrev(grad)"), 0.20, 0.07),),
    ),
    **{f"boltzmann-{p}": _boltzmann(p) for p in ("float32", "float64")},
}  # fmt: skip

WIDTHS, DEPTHS, SIZES = (16, 32, 64, 128, 256, 512, 1024), (1, 2, 4, 8, 16), (1, 4, 16, 64, 256, 1024)


def _curve(kind: str, at: int, workload: Network) -> tuple[str, Case]:
    return f"{kind}-{at}", Case("growth", f"{kind} {at}", workload, (Comparison("each", CURVES),))


CURVE: dict[str, Case] = dict(
    [
        *(_curve("width", n, grown(n, 2, 128)) for n in WIDTHS),
        *(_curve("depth", n, grown(128, n, 128)) for n in DEPTHS),
        *(_curve("batch", n, grown(256, 2, n)) for n in SIZES),
    ]
)

CASES: dict[str, Case] = TABLE | CURVE

__all__ = ["CASES", "CURVE", "DEPTHS", "SIZES", "TABLE", "WIDTHS", "Case", "Comparison", "Peer"]
