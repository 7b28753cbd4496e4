"""A hand-written backward pass against a sheet, from Python: what agrees, what differs, and which slip it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from gradsheet.api.sheets import Sheet, load
from gradsheet.diagnostics import refuse

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from gradsheet import auditing


def verify(  # noqa: PLR0913 - the options of the command, each with a name
    sheet: Sheet | str | os.PathLike[str],
    function: Any,
    *,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
    batch: Sequence[str] = (),
    points: int = 4,
    seed: int = 1,
    tolerance: float = 1e-9,
    time_limit: float = 60.0,
) -> Verified:
    r"""Run a backward pass against the derived one, at random points in float64.

    `function` is a `torch.autograd.Function`, a `jax.custom_vjp` function or a NumPy pair `(forward, backward)`, which
    run in this process; or a string `"file.py:Name"`, which runs in one of its own under the `time_limit`. `inputs`
    names the parameters in order where their own names do not tell, `outputs` what is returned; `values` sets constants
    of the sheet, `sizes` sizes that are demanded. Of the inputs in `batch` the function takes rows, where the sheet has
    one example. Raises `SheetError` where the two cannot be compared.

    >>> import gradsheet as gs
    >>> sheet = gs.loads("x ∈ ℝ^n\ny = x²\npullback y\n")
    >>> result = gs.verify(sheet, (lambda x: (x * x, x), lambda saved, dy: dy * saved))
    >>> result.agrees, result.slips
    (False, {'x̄': 'x̄ is 1/2 times what it should be: a factor 2 is lost'})
    """
    from gradsheet.auditing import CannotLoadError, RemotePeer, Wishes, audit, peer_of  # noqa: PLC0415 - brings NumPy

    model = (sheet if isinstance(sheet, Sheet) else load(sheet)).inner
    wishes = Wishes(tuple(inputs), tuple(outputs), dict(values or {}), dict(sizes or {}), tuple(batch))
    if points < 1:
        msg = f"the number of points is at least 1, not {points}"
        raise ValueError(msg)
    try:
        if isinstance(function, str):
            file, _, name = function.rpartition(":")
            with RemotePeer(file or name, name, time_limit) as peer:
                return Verified(audit(model, peer, wishes, points=points, seed=seed, tolerance=tolerance))
        return Verified(audit(model, peer_of(function), wishes, points=points, seed=seed, tolerance=tolerance))
    except CannotLoadError as problem:
        refuse(problem.code, problem.message, str(function), problem.suggestion)


class Verified:
    """What was found; true where everything agrees."""

    def __init__(self, report: auditing.Audit) -> None:
        self._report = report

    @property
    def agrees(self) -> bool:
        """Nothing differs, and nothing else is wrong with the function."""
        return self._report.agrees

    @property
    def slips(self) -> dict[str, str]:
        """What is wrong, by the name of the output or gradient."""
        return {name: slip.sentence for name, slip in self._found().items()}

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each slip in a word or two: sign, factor, transpose, upstream."""
        return {name: slip.kind for name, slip in self._found().items()}

    def _found(self) -> dict[str, auditing.Slip]:
        """The slips by names in the form in which they are typed: ȳ is one letter there."""
        compared = [*self._report.forward, *self._report.gradients]
        return {normalize("NFC", c.name): c.slip for c in compared if c.verdict == "differs" and c.slip is not None}

    @property
    def faults(self) -> tuple[str, ...]:
        """What else is wrong: arrays overwritten, another order in memory."""
        return tuple(f.sentence for f in self._report.faults)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth knowing and not wrong, a loss of precision among it."""
        loose = [f"{c.name} is computed in {c.note}" for c in (*self._report.forward, *self._report.gradients)
                 if c.verdict == "imprecise"]  # fmt: skip
        return (*loose, *self._report.remarks)

    def text(self, *, width: int = 100, ascii_only: bool = False) -> str:
        """The report as the terminal prints it."""
        from gradsheet.auditing.reports.terminal import terminal_lines  # noqa: PLC0415 - loaded when asked for
        from gradsheet.writing.terminal import plain_text  # noqa: PLC0415 - the same

        return plain_text(terminal_lines(self._report, width=width, ascii_only=ascii_only))

    def to_json(self) -> dict[str, Any]:
        """The report as plain data, as `gradsheet verify --json` prints it."""
        from gradsheet.auditing.reports.data import audit_data  # noqa: PLC0415 - loaded when asked for

        return audit_data(self._report)

    def __bool__(self) -> bool:
        return self.agrees

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        wrong = ", ".join(self.slips) or ("further faults" if self.faults else "")
        return f"<Verified {self._report.function}: {'agrees' if self.agrees else f'differs in {wrong}'}>"
