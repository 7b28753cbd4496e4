"""JAX: NumPy's forms, but arrays are never assigned to, and windows are read by their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.targets.dialect import Dialect
from gradsheet.targets.numpy_table import SHARED, SHARED_HELPERS

if TYPE_CHECKING:
    from collections.abc import Sequence

_JAX = [
    "exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "square", "tanh", "sin", "cos", "tan", "arcsin",
    "arccos", "arctan", "sinh", "cosh", "abs", "sign",
]  # fmt: skip


_WINDOWS = '''def _windows(x, length, axis):
    """Every run of some length along an axis; the runs' own axis comes last."""
    places = jnp.arange(x.shape[axis] - length + 1)[:, None] + jnp.arange(length)
    return jnp.moveaxis(jnp.take(x, places, axis=axis), axis + 1, -1)
'''


class _Jax(Dialect):
    def windows(self, text: str, axis: int, length: str) -> str:
        return f"_windows({text}, {length}, {axis})"

    def assigned(self, target: str, place: str, value: str) -> str:
        return f"{target} = {target}.at[{place}].set({value})"

    def scattered(self, target: str, places: Sequence[str], axis: int, value: str) -> str:
        del axis
        at = ", ".join(":" if p == "slice(None)" else p for p in places)
        return f"{target} = {target}.at[{at}].add({value})"


JAX = _Jax(
    name="jax",
    prefix="jnp",
    imports=("import jax", "import jax.numpy as jnp"),
    functions={
        **{name: f"{{np}}.{name}({{0}})" for name in _JAX},
        **SHARED,
        "sigmoid": "jax.nn.sigmoid({0})",
        "silu": "jax.nn.silu({0})",
        "erf": "jax.scipy.special.erf({0})",
        "normal_cdf": "jax.scipy.special.ndtr({0})",
        "gelu": "jax.nn.gelu({0}, approximate=False)",
        "lgamma": "jax.scipy.special.gammaln({0})",
        "digamma": "jax.scipy.special.digamma({0})",
        "leaky_relu": "_leaky_relu({0}, {1})",
        "softmax": "jax.nn.softmax({0})",
        "logsoftmax": "jax.nn.log_softmax({0})",
        "logsumexp": "jax.nn.logsumexp({0}, axis=-1)",
    },
    helpers={**{n: s.replace("{np}", "jnp") for n, s in SHARED_HELPERS.items()}, "_windows": _WINDOWS},
    dtype="jnp.result_type({array}, jnp.float32)",
    immutable=True,
)

__all__ = ["JAX"]
