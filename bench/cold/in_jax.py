"""The same as `compiled.py`: imported, compiled, one epoch over the rows, weights printed."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - that is its signature
if len(sys.argv) > 2:
    jax.config.update("jax_compilation_cache_dir", sys.argv[2])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
data = np.load(f"{sys.argv[1]}/data.npz")
names = ("W1", "b1", "W2", "b2", "W3", "b3")


def loss(p, x, y):
    h = jnp.tanh(p["W1"] @ x + p["b1"])
    h = jnp.tanh(p["W2"] @ h + p["b2"])
    return 0.5 * jnp.sum((p["W3"] @ h + p["b3"] - y) ** 2)


def update(p, xy):
    return jax.tree.map(lambda a, g: a - 0.01 * g, p, jax.grad(loss)(p, *xy)), None


@jax.jit
def epoch(p, x, y):
    return lax.scan(update, p, (x, y))[0]


weights = epoch({name: data[name] for name in names}, data["x"], data["y"])
for name in names:
    print(*np.asarray(weights[name]).ravel())
