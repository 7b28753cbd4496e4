"""JAX: an epoch as one compiled scan over an order of the rows; from a file, block by block."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

if TYPE_CHECKING:
    from learners.tasks import Arrays, Task

_STEPS_OF_A_BLOCK = 64


def _forward(params, x):
    for k, (W, b) in enumerate(params):
        x = x @ W + b
        x = jax.nn.relu(x) if k < len(params) - 1 else x
    return x


def _loss(params, x, labels):
    out = _forward(params, x)
    return jnp.mean(jax.nn.logsumexp(out, axis=1) - jnp.take_along_axis(out, labels[:, None], 1)[:, 0])


def _update(rate, params, x, labels):
    return jax.tree.map(lambda a, g: a - rate * g, params, jax.grad(_loss)(params, x, labels))


class Learner:
    """One model on some rows."""

    def __init__(self, task: Task, x: np.ndarray, labels: np.ndarray, start: Arrays, seed: int) -> None:
        self.task, self.rows, self.random = task, len(x), np.random.default_rng(seed)
        count = len(task.sizes) - 1
        self.params = tuple((jnp.array(start[f"W{k}"].T), jnp.array(start[f"b{k}"])) for k in range(1, count + 1))
        self.mapped = isinstance(x, np.memmap)
        self.x = x if self.mapped else jnp.asarray(x)
        self.labels = np.asarray(labels, np.int32) if self.mapped else jnp.asarray(labels, jnp.int32)
        update = partial(_update, np.float32(task.rate))

        @partial(jax.jit, donate_argnums=0)
        def over(params, x, labels, order):
            def step(params, chosen):
                return update(params, x[chosen], labels[chosen]), None

            return lax.scan(step, params, order)[0]

        @partial(jax.jit, donate_argnums=0)
        def block(params, xs, ys):
            return lax.scan(lambda p, xy: (update(p, *xy), None), params, (xs, ys))[0]

        self.over, self.block = over, block
        self.rest = jax.jit(update)
        self.forward = jax.jit(_forward)

    def epoch(self) -> None:
        order, batch = self.random.permutation(self.rows), self.task.batch
        full = len(order) // batch
        whole = order[: full * batch].reshape(full, batch)
        if self.mapped:
            for start in range(0, full, _STEPS_OF_A_BLOCK):
                chosen = whole[start : start + _STEPS_OF_A_BLOCK]
                self.params = self.block(self.params, self.x[chosen], self.labels[chosen])
                jax.block_until_ready(self.params)  # else blocks of rows wait in memory, one after the other
        else:
            self.params = self.over(self.params, self.x, self.labels, whole)
        last = order[full * batch :]
        if len(last):
            self.params = self.rest(self.params, self.x[last], self.labels[last])
        jax.block_until_ready(self.params)

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        return float((np.asarray(self.forward(self.params, x)).argmax(1) == labels).mean())


__all__ = ["Learner"]
