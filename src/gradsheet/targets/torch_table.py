"""PyTorch: its own names for axes, reductions and padding; numbers of Python stand where arrays need not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.targets.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

_SAME = [
    "exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "square", "tanh", "sin", "cos", "tan", "arcsin",
    "arccos", "arctan", "sinh", "cosh", "abs", "sign", "sigmoid", "relu", "erf", "lgamma", "digamma",
]  # fmt: skip

_HELPERS = {
    "_step": '''def _step(x):
    """1 where x > 0, else 0."""
    return (x > 0).to(x.dtype)
''',
    "_elu": '''def _elu(x, alpha):
    """x where x > 0, else α (e^x − 1)."""
    return torch.where(x > 0, x, alpha * torch.expm1(torch.clamp(x, max=0)))
''',
    "_leaky_relu": '''def _leaky_relu(x, slope):
    """x where x > 0, else slope · x."""
    return torch.where(x > 0, x, slope * x)
''',
    "_first_largest": '''def _first_largest(x):
    """1 at the first of the largest entries along the last axis, 0 elsewhere."""
    largest = (x == torch.amax(x, dim=-1, keepdim=True)).to(x.dtype)
    return largest * (torch.cumsum(largest, dim=-1) == 1)
''',
}


class _Torch(Dialect):
    def filled(self, shape: str, value: str | None = None) -> str:
        if value is None:
            return f"torch.zeros({shape}, dtype=dtype, device=device)"
        return f"torch.full({shape}, {value}, dtype=dtype, device=device)"

    def table(self, rows: str, *, whole: bool = False) -> str:
        return f"torch.tensor({rows}, dtype={'torch.int64' if whole else 'dtype'}, device=device)"

    def whole(self, low: str, stop: str) -> str:
        return f"torch.arange({stop}, device=device)" if low == "0" else f"torch.arange({low}, {stop}, device=device)"

    def floats(self, text: str) -> str:
        return f"{text}.to(dtype)"

    def permuted(self, text: str, order: Sequence[int]) -> str:
        return f"{text}.T" if tuple(order) == (1, 0) else f"{text}.permute({', '.join(map(str, order))})"

    def flipped(self, text: str, axis: int) -> str:
        return f"torch.flip({text}, ({axis},))"

    def padded(self, text: str, widths: Sequence[tuple[str, str]]) -> str:
        kept = list(widths)
        while kept and kept[0] == ("0", "0"):
            kept.pop(0)  # the last axis comes first, and leading ones may be left out
        inner = ", ".join(f"{low}, {high}" for low, high in reversed(kept))
        return f"F.pad({text}, ({inner}))"

    def clipped(self, text: str, high: str) -> str:
        return f"torch.clamp({text}, 0, {high})"

    def windows(self, text: str, axis: int, length: str) -> str:
        return f"{text}.unfold({axis}, {length}, 1)"

    def reduced(self, kind: str, text: str, axes: Sequence[int] | None) -> str:
        if kind == "prod" and axes is not None and len(axes) > 1:
            *rest, last = sorted(axes)
            return self.reduced("prod", self.reduced("prod", text, [last]), rest)
        name = {"sum": "sum", "prod": "prod", "max": "amax", "min": "amin"}[kind]
        if axes is None:
            return f"torch.{name}({text})"
        where = str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"
        return f"torch.{name}({text}, dim={where})"

    def extreme(self, kind: str, left: str, right: str, *, number: bool) -> str:
        if number:
            return f"torch.clamp({left}, {'min' if kind == 'max' else 'max'}={right})"
        return super().extreme(kind, left, right, number=number)

    def scattered(self, target: str, places: Sequence[str], axis: int, value: str) -> str:
        return f"{target}.index_add_({axis}, {places[axis]}, {value})"


TORCH = _Torch(
    name="torch",
    prefix="torch",
    imports=("import torch",),
    functions={
        **{name: f"{{np}}.{name}({{0}})" for name in _SAME},
        "arsinh": "torch.arcsinh({0})",
        "softplus": "-F.logsigmoid(-{0!})",
        "log_sigmoid": "F.logsigmoid({0})",
        "normal_cdf": "torch.special.ndtr({0})",
        "gelu": "F.gelu({0})",
        "silu": "F.silu({0})",
        "mish": "F.mish({0})",
        "elu": "_elu({0}, {1})",
        "leaky_relu": "_leaky_relu({0}, {1})",
        "softsign": "F.softsign({0})",
        "hard_tanh": "torch.clamp({0}, -1, 1)",
        "step": "_step({0})",
        "softmax": "torch.softmax({0}, dim=-1)",
        "logsoftmax": "torch.log_softmax({0}, dim=-1)",
        "logsumexp": "torch.logsumexp({0}, dim=-1)",
        "inverse": "torch.linalg.inv({0})",
        "det": "torch.linalg.det({0})",
        "logdet": "torch.logdet({0})",
        "argmaximum": "_first_largest({0})",
    },
    helpers=_HELPERS,
    dtype="{array}.dtype",
)

__all__ = ["TORCH"]
