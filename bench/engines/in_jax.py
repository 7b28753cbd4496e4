"""JAX: loops over rows as `scan` or `fori_loop`, compiled whole; Hessians by every route that it offers."""

from __future__ import annotations

import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from engines.job import Job, changes
from workloads import Arrays, Boltzmann, Convolution, Factorisation, Layers, Logistic, Network, Workload

jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - that is its signature


def make(workload: Workload, variant: str) -> Job:
    match workload:
        case Network():
            return NETWORKS[variant](workload)
        case Convolution():
            return convolution(workload, variant)
        case Boltzmann():
            return boltzmann(workload)
        case _:
            return hessian(workload, variant)


# ---------------------------------------------------------------- networks


def start(network: Network, *, turned: bool):
    """Parameters as pairs (W, b); `turned` keeps W as inputs × outputs."""
    held = network.parameters()
    pairs = [(held[f"W{k}"], held[f"b{k}"]) for k in range(1, len(network.sizes))]
    return tuple((jnp.array(W.T if turned else W), jnp.array(b)) for W, b in pairs)


def named(params, *, turned: bool) -> Arrays:
    made: Arrays = {}
    for k, (W, b) in enumerate(params, 1):
        made[f"W{k}"], made[f"b{k}"] = np.asarray(W).T if turned else np.asarray(W), np.asarray(b)
    return made


def loss_of(network: Network, *, turned: bool):
    act = jax.nn.relu if network.hidden == "relu" else jnp.tanh
    rows = network.batch > 1

    def loss(params, x, y):
        h = x
        for k, (W, b) in enumerate(params):
            weighted = h @ W if turned else h @ W.T if rows else W @ h
            z = weighted + b
            h = act(z) if k < len(params) - 1 else z
        if network.output == "linear":
            each = 0.5 * jnp.sum((h - y) ** 2, axis=-1)
        else:
            picked = jnp.take_along_axis(h, y[..., None], -1)[..., 0]
            each = jax.nn.logsumexp(h, axis=-1) - picked
        return jnp.mean(each)

    return loss


def blocks(network: Network, rows: int):
    """The data as one block for each step."""
    x = network.data["x"][:rows]
    y = network.data["y"][:rows] if network.output == "linear" else network.labels[:rows].astype(np.int32)
    if network.batch == 1:
        return jnp.asarray(x), jnp.asarray(y)
    steps = rows // network.batch
    cut = steps * network.batch
    return (
        jnp.asarray(x[:cut].reshape(steps, network.batch, *x.shape[1:])),
        jnp.asarray(y[:cut].reshape(steps, network.batch, *y.shape[1:])),
    )


def descent(network: Network, *, turned: bool):
    loss, rate = loss_of(network, turned=turned), np.dtype(network.precision).type(network.rate)

    def update(params, x, y):
        return jax.tree.map(lambda a, g: a - rate * g, params, jax.grad(loss)(params, x, y))

    return update


def scanned(network: Network, *, unroll: int = 1, turned: bool = False) -> Job:
    update = descent(network, turned=turned)

    def epoch(params, xs, ys):
        return lax.scan(lambda p, xy: (update(p, *xy), None), params, (xs, ys), unroll=unroll)[0]

    return looped(network, epoch, partial(start, turned=turned), partial(named, turned=turned))


def counted(network: Network, *, turned: bool = False) -> Job:
    update = descent(network, turned=turned)

    def epoch(params, xs, ys):
        return lax.fori_loop(0, len(xs), lambda i, p: update(p, xs[i], ys[i]), params)

    return looped(network, epoch, partial(start, turned=turned), partial(named, turned=turned))


def by_hand(network: Network) -> Job:
    """The gradient of one hidden layer of tanh with softmax, written out."""
    rate = np.dtype(network.precision).type(network.rate)

    def update(params, x, y):
        (W, b), (V, c) = params
        h = jnp.tanh(W @ x + b)
        d = jax.nn.softmax(V @ h + c) - jax.nn.one_hot(y, network.sizes[-1], dtype=network.precision)
        e = (d @ V) * (1 - h * h)
        return (W - rate * e[:, None] * x, b - rate * e), (V - rate * d[:, None] * h, c - rate * d)

    def epoch(params, xs, ys):
        return lax.scan(lambda p, xy: (update(p, *xy), None), params, (xs, ys))[0]

    return looped(network, epoch, partial(start, turned=False), partial(named, turned=False))


def looped(network: Network, epoch, begin, finish) -> Job:
    """Epochs one after another; the parameters are given away and come back in their place."""
    run_epoch = jax.jit(epoch, donate_argnums=0)
    result = changes(network, finish(run_epoch(begin(network), *blocks(network, network.checked))))
    xs, ys = blocks(network, network.rows)
    held = [begin(network)]
    began = time.perf_counter()
    held[0] = jax.block_until_ready(run_epoch(held[0], xs, ys))
    took = time.perf_counter() - began

    def run(calls: int) -> None:
        for _ in range(calls):
            held[0] = run_epoch(held[0], xs, ys)
        jax.block_until_ready(held[0])

    return Job(run, network.steps, result, {"compile": took})


def mapped_seeds(network: Network, *, unroll: int = 1) -> Job:
    """Several starts side by side."""
    update = descent(network, turned=False)

    def epoch(params, xs, ys):
        return lax.scan(lambda p, xy: (update(p, *xy), None), params, (xs, ys), unroll=unroll)[0]

    run_epoch = jax.jit(jax.vmap(epoch, in_axes=(0, None, None)), donate_argnums=0)

    def begin():
        return jax.tree.map(lambda a: jnp.stack([a] * network.copies), start(network, turned=False))

    after = run_epoch(begin(), *blocks(network, network.checked))
    result = changes(network, named(jax.tree.map(lambda a: a[0], after), turned=False))
    xs, ys = blocks(network, network.rows)
    held = [jax.block_until_ready(run_epoch(begin(), xs, ys))]

    def run(calls: int) -> None:
        for _ in range(calls):
            held[0] = run_epoch(held[0], xs, ys)
        jax.block_until_ready(held[0])

    return Job(run, network.steps * network.copies, result)


NETWORKS = {
    "scan": scanned,
    **{f"scan, unroll {n}": partial(scanned, unroll=n) for n in (4, 8, 16)},
    "scan, W as in × out": partial(scanned, turned=True),
    "fori_loop": counted,
    "fori_loop, W as in × out": partial(counted, turned=True),
    "scan, gradient by hand": by_hand,
    "vmap of scan": mapped_seeds,
    "vmap of scan, unroll 8": partial(mapped_seeds, unroll=8),
}


# ---------------------------------------------------------------- convolution


def convolution(workload: Convolution, variant: str) -> Job:
    """Channels before places as the arrays are, or after them, which XLA prefers."""
    last = variant == "channels last"
    numbers = ("NHC", "HIO", "NHC") if last else ("NCH", "OIH", "NCH")

    def layer(x, w, b):
        z = lax.conv_general_dilated(x, w, (1,), "VALID", dimension_numbers=numbers)
        return jax.nn.relu(z + (b if last else b[:, None]))

    @jax.jit
    def both(x, w, b, upstream):
        y, pull = jax.vjp(layer, x, w, b)
        return (y, *pull(upstream))

    turn = (lambda a: a.transpose(0, 2, 1)) if last else (lambda a: a)
    x, w, b, upstream = (workload.values[n] for n in ("x", "w", "b", "ȳ"))
    kernel = w.transpose(2, 1, 0) if last else w
    given = [jnp.array(np.ascontiguousarray(a)) for a in (turn(x), kernel, b, turn(upstream))]
    y, dx, dw, db = map(np.asarray, both(*given))
    result = {"y": turn(y), "x": turn(dx), "w": dw.transpose(2, 1, 0) if last else dw, "b": db}

    def run(calls: int) -> None:
        for _ in range(calls):
            jax.block_until_ready(both(*given))

    return Job(run, 1, result)


# ---------------------------------------------------------------- Hessians


def objective(workload: Workload):
    """The objective as a function of what is differentiated by and of everything else, with their values."""
    held = {name: jnp.array(value) for name, value in workload.values.items()}
    match workload:
        case Logistic():

            def loss(w, rest):
                return jnp.sum(jnp.logaddexp(0.0, -rest["y"] * (rest["X"] @ w)))

            return loss, held.pop("w"), held
        case Factorisation():

            def loss(U, rest):
                return jnp.sum((rest["T"] - U @ rest["V"].T) ** 2)

            return loss, held.pop("U"), held
        case Layers():
            labels = np.argmax(workload.values["Y"], axis=1)

            def loss(W1, rest):
                h = rest["X"]
                for k in range(1, workload.depth + 1):
                    h = h @ (W1 if k == 1 else rest[f"W{k}"]).T
                    h = jax.nn.relu(h) if k < workload.depth else h
                return jnp.sum(jax.nn.logsumexp(h, 1) - h[jnp.arange(len(labels)), labels])

            return loss, held.pop("W1"), held
    raise AssertionError(workload)


def hessian(workload: Workload, variant: str) -> Job:
    loss, at, rest = objective(workload)
    match variant.split(", "):
        case ["hessian"]:
            of = jax.jit(jax.hessian(loss))
        case ["jacrev(grad)"]:
            of = jax.jit(jax.jacrev(jax.grad(loss)))
        case ["products", many]:

            @jax.jit
            def of(at, rest):
                basis = jnp.eye(at.size, dtype=at.dtype).reshape(at.size, *at.shape)

                def product(direction):
                    return jax.jvp(lambda p: jax.grad(loss)(p, rest), (at,), (direction,))[1]

                rows = lax.map(product, basis, batch_size=int(many))
                return rows.reshape(*at.shape, *at.shape)

        case _:
            raise AssertionError(variant)
    result = {"H": np.asarray(of(at, rest))}

    def run(calls: int) -> None:
        for _ in range(calls):
            jax.block_until_ready(of(at, rest))

    return Job(run, 1, result)


# ---------------------------------------------------------------- Boltzmann machine


def boltzmann(workload: Boltzmann) -> Job:
    """All states as one matrix, the hidden units summed by hand."""
    states, rows = jnp.array(workload.states), jnp.array(workload.values["V"].astype(workload.precision))

    def likelihood(b, c, W, states, rows):
        def free(v):
            return v @ b + jax.nn.softplus(v @ W + c).sum(1)

        return jnp.mean(free(rows)) - jax.nn.logsumexp(free(states))

    of = jax.jit(jax.grad(likelihood, (0, 1, 2)))
    given = [jnp.array(workload.values[n]) for n in ("b", "c", "W")]
    result = dict(zip(("b", "c", "W"), map(np.asarray, of(*given, states, rows)), strict=True))

    def run(calls: int) -> None:
        for _ in range(calls):
            jax.block_until_ready(of(*given, states, rows))

    return Job(run, 1, result)
