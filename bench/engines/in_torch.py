"""PyTorch: eager with its fused updates, gradients by hand, and `torch.compile` where it works."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch.nn import functional

from engines.job import Job, changes
from workloads import Arrays, Boltzmann, Convolution, Factorisation, Layers, Logistic, Network, Workload


def make(workload: Workload, variant: str) -> Job:
    torch.set_num_threads(workload.threads)
    torch.set_num_interop_threads(1)
    match workload:
        case Network():
            return NETWORKS[variant](workload)
        case Convolution():
            return convolution(workload, variant)
        case Boltzmann():
            return boltzmann(workload, variant)
        case _:
            return hessian(workload, variant)


# ---------------------------------------------------------------- networks


def examples(network: Network):
    """The data as one block for each step."""
    x = torch.from_numpy(network.data["x"])
    y = torch.from_numpy(network.data["y"] if network.output == "linear" else network.labels.astype(np.int64))
    if network.batch == 1:
        return x, y
    cut, lengths = network.steps * network.batch, (network.steps, network.batch)
    return x[:cut].reshape(*lengths, -1), y[:cut].reshape(*lengths, *y.shape[1:])


def cycled(network: Network, step, finish) -> Job:
    """A step for one block of rows after another, from the first again after the last."""
    xs, ys = examples(network)
    count = network.checked // network.batch
    for k in range(count):
        step(xs[k], ys[k])
    result = changes(network, finish())
    at = [count % network.steps]

    def run(calls: int) -> None:
        k = at[0]
        for _ in range(calls):
            step(xs[k], ys[k])
            k += 1
            if k == network.steps:
                k = 0
        at[0] = k

    return Job(run, 1, result)


def leaves(network: Network) -> list[torch.Tensor]:
    held = network.parameters()
    return [torch.from_numpy(held[n + str(k)].copy()) for k in range(1, len(network.sizes)) for n in "Wb"]


def named(tensors) -> Arrays:
    arrays = [t.detach().numpy() for t in tensors]
    return {f"{n}{k // 2 + 1}": a for k, (n, a) in enumerate(zip("Wb" * (len(arrays) // 2), arrays, strict=True))}


def loss_of(network: Network, out, y):
    if network.output == "linear":
        return 0.5 * ((out - y) ** 2).sum() / network.batch
    return functional.cross_entropy(out, y)


def forward(network: Network, params, x):
    act = torch.relu if network.hidden == "relu" else torch.tanh
    for k in range(0, len(params), 2):
        x = functional.linear(x, params[k], params[k + 1])
        x = act(x) if k < len(params) - 2 else x
    return x


def module(network: Network) -> torch.nn.Sequential:
    act = torch.nn.ReLU if network.hidden == "relu" else torch.nn.Tanh
    layers: list[torch.nn.Module] = []
    for n, m in zip(network.sizes, network.sizes[1:], strict=False):
        layers += [torch.nn.Linear(n, m), act()]
    made = torch.nn.Sequential(*layers[:-1]).to(getattr(torch, network.precision))
    with torch.no_grad():
        for parameter, value in zip(made.parameters(), leaves(network), strict=True):
            parameter.copy_(value)
    return made


def eager(network: Network, **options) -> Job:
    """`nn.Sequential` and `optim.SGD`, as most people write it."""
    model = module(network)
    optimiser = torch.optim.SGD(model.parameters(), lr=network.rate, **options)

    def step(x, y) -> None:
        optimiser.zero_grad()
        loss_of(network, model(x), y).backward()
        optimiser.step()

    return cycled(network, step, lambda: named(model.parameters()))


def bare(network: Network) -> Job:
    """`autograd.grad` and one call that updates every parameter."""
    params = [p.requires_grad_() for p in leaves(network)]

    def step(x, y) -> None:
        gradients = torch.autograd.grad(loss_of(network, forward(network, params, x), y), params)
        with torch.no_grad():
            torch._foreach_add_(params, gradients, alpha=-network.rate)

    return cycled(network, step, lambda: named(params))


def by_hand(network: Network) -> Job:
    """The backward pass of ReLU layers with softmax written out, the updates inside of the products."""
    params, rate = leaves(network), network.rate
    rows = torch.arange(network.batch)

    @torch.no_grad()
    def step(x, y) -> None:
        hs = [x]
        for k in range(0, len(params) - 2, 2):
            hs.append(torch.addmm(params[k + 1], hs[-1], params[k].t()).relu_())
        d = torch.softmax(torch.addmm(params[-1], hs[-1], params[-2].t()), 1)
        d[rows, y] -= 1
        d /= network.batch
        for k in range(len(params) - 2, -1, -2):
            down = (d @ params[k]).mul_(hs[k // 2] > 0) if k else None
            params[k].addmm_(d.t(), hs[k // 2], alpha=-rate)
            params[k + 1].sub_(d.sum(0), alpha=rate)
            d = down

    return cycled(network, step, lambda: named(params))


def compiled(network: Network) -> Job:
    """Gradient and update in one function that `torch.compile` translates."""
    params = leaves(network)

    def loss(params, x, y):
        return loss_of(network, forward(network, params, x), y)

    def descend(params, x, y) -> None:
        for p, g in zip(params, torch.func.grad(loss)(params, x, y), strict=True):
            p.sub_(g, alpha=network.rate)

    translated = torch.compile(descend, fullgraph=True, dynamic=False)

    @torch.no_grad()
    def step(x, y) -> None:
        translated(params, x, y)

    return cycled(network, step, lambda: named(params))


NETWORKS = {
    "eager, SGD": eager,
    "eager, SGD foreach": partial(eager, foreach=True),
    "eager, SGD fused": partial(eager, fused=True),
    "eager, autograd.grad": bare,
    "eager, gradient by hand": by_hand,
    "torch.compile": compiled,
}


# ---------------------------------------------------------------- convolution


def convolution(workload: Convolution, variant: str) -> Job:
    x, w, b, upstream = (torch.from_numpy(workload.values[n].copy()) for n in ("x", "w", "b", "ȳ"))
    for given in (x, w, b):
        given.requires_grad_()

    def layer(x, w, b):
        return functional.relu(functional.conv1d(x, w, b))

    if variant == "torch.compile":
        layer = torch.compile(layer, dynamic=False)

    def both():
        y = layer(x, w, b)
        return (y, *torch.autograd.grad(y, (x, w, b), upstream))

    result = dict(zip(("y", "x", "w", "b"), (t.detach().numpy() for t in both()), strict=True))

    def run(calls: int) -> None:
        for _ in range(calls):
            both()

    return Job(run, 1, result)


# ---------------------------------------------------------------- Hessians


def objective(workload: Workload):
    held = {name: torch.from_numpy(value) for name, value in workload.values.items()}
    match workload:
        case Logistic():
            return lambda w: functional.softplus(-held["y"] * (held["X"] @ w)).sum(), held["w"]
        case Factorisation():
            return lambda U: ((held["T"] - U @ held["V"].t()) ** 2).sum(), held["U"]
        case Layers():
            labels = torch.argmax(held["Y"], 1)

            def loss(W1):
                h = held["X"]
                for k in range(1, workload.depth + 1):
                    h = h @ (W1 if k == 1 else held[f"W{k}"]).t()
                    h = torch.relu(h) if k < workload.depth else h
                return functional.cross_entropy(h, labels, reduction="sum")

            return loss, held["W1"]
    raise AssertionError(workload)


def hessian(workload: Workload, _variant: str) -> Job:
    loss, at = objective(workload)
    of = torch.func.hessian(loss)
    result = {"H": of(at).numpy()}

    def run(calls: int) -> None:
        for _ in range(calls):
            of(at)

    return Job(run, 1, result)


# ---------------------------------------------------------------- Boltzmann machine


def boltzmann(workload: Boltzmann, variant: str) -> Job:
    """All states as one matrix, the hidden units summed by hand."""
    states = torch.from_numpy(workload.states)
    rows = torch.from_numpy(workload.values["V"].astype(workload.precision))
    given = [torch.from_numpy(workload.values[n].copy()).requires_grad_() for n in ("b", "c", "W")]

    def likelihood(b, c, W):
        def free(v):
            return v @ b + functional.softplus(v @ W + c).sum(1)

        return free(rows).mean() - torch.logsumexp(free(states), 0)

    of = torch.compile(likelihood, dynamic=False) if variant == "torch.compile" else likelihood

    def gradient():
        return torch.autograd.grad(of(*given), given)

    result = dict(zip(("b", "c", "W"), (g.numpy() for g in gradient()), strict=True))

    def run(calls: int) -> None:
        for _ in range(calls):
            gradient()

    return Job(run, 1, result)
