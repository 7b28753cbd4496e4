"""A sheet in Python: read from a file, a text, or shapes; then derived and solved."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from gradsheet import models
from gradsheet.api.names import Shape, shape_of, symbol_of
from gradsheet.diagnostics import Diagnostic, SheetError, Source, refuse
from gradsheet.memory import rare_collection
from gradsheet.sheet import load_sheet
from gradsheet.syntax import read_source

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from gradsheet import derivation, sheet
    from gradsheet.api.compiled import Compiled
    from gradsheet.api.derivations import Derivation, Derivative
    from gradsheet.api.solutions import Solution
    from gradsheet.api.trained import Model
    from gradsheet.programs.model import Program


def load(path: str | os.PathLike[str]) -> Sheet:
    """Read the sheet in a file; raises `SheetError` with everything that is wrong with it."""
    try:
        data = Path(path).read_bytes()
    except OSError as problem:
        refuse("GS001", f"the file cannot be read: {problem.strerror or problem}", str(path))
    return Sheet(read_source(data, str(path)))


def loads(text: str | bytes, *, name: str = "<sheet>") -> Sheet:
    """Read a sheet from its text; `name` is what diagnostics call it.

    >>> loads("x ∈ ℝ^2").inputs
    {'x': (2,)}
    """
    return Sheet(read_source(text, name))


def mlp(
    sizes: Sequence[int],
    *,
    hidden: str = "tanh",
    output: models.Output = "linear",
    loss: str | None = None,
    rate: float | str | None = 0.1,
) -> Sheet:
    """The sheet of a network of fully connected layers, made from its sizes.

    >>> mlp([4, 4, 3, 3], output="softmax").parameters
    {'W1': (4, 4), 'b1': (4,), 'W2': (3, 4), 'b2': (3,), 'W3': (3, 3), 'b3': (3,)}
    """
    return loads(models.mlp(sizes, hidden=hidden, output=output, loss=loss, rate=rate), name="<mlp>")


class Sheet:
    """Equations that were read: names bound, shapes checked."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._sheet = load_sheet(source)

    @property
    def name(self) -> str:
        """The file it was read from, or the name it was given."""
        return self._source.name

    @property
    def text(self) -> str:
        """What was written."""
        return self._source.text

    @property
    def inner(self) -> sheet.Sheet:
        """The sheet as the engine has it."""
        return self._sheet

    @property
    def parameters(self) -> dict[str, Shape]:
        """What is differentiated by: names with shapes."""
        return {s.name: shape_of(s.axes) for s in self._sheet.parameters}

    @property
    def inputs(self) -> dict[str, Shape]:
        """What is declared and is no parameter: names with shapes."""
        return {s.name: shape_of(s.axes) for s in self._sheet.inputs if s not in self._sheet.parameters}

    @property
    def definitions(self) -> dict[str, Shape]:
        """What the equations compute, in order: names with shapes."""
        return {e.symbol.name: shape_of(e.symbol.axes) for e in self._sheet.equations}

    @property
    def remarks(self) -> tuple[str, ...]:
        """Readings that were chosen for the author."""
        return tuple(remark.message for remark in self._sheet.remarks)

    def __reduce__(self) -> tuple[type[Sheet], tuple[Source]]:
        """A sheet is its text: out of a pickle, it is read again."""
        return Sheet, (self._source,)

    def __deepcopy__(self, _memo: object) -> Sheet:
        """Nothing in a sheet changes, so a copy is the sheet itself."""
        return self

    # ------------------------------------------------------------ derivation

    @cached_property
    def _derived(self) -> derivation.Derivation:
        from gradsheet.derivation import derive  # noqa: PLC0415 - reading alone stays light

        return derive(self._sheet)

    @overload
    def derive(self, of: str | None = None) -> Derivation: ...

    @overload
    def derive(self, of: str, wrt: str) -> Derivative: ...

    def derive(self, of: str | None = None, wrt: str | None = None) -> Derivation | Derivative:
        """Every derivative that the sheet asks for; or all of `of` by the parameters; or the one of `of` by `wrt`.

        Both are names: `derive("L", "W1")`, one component as `derive("L", "W1[1,2]")`. A result with axes has a
        Jacobian, outputs × inputs. Raises `SheetError` where a name is unknown or there is nothing to differentiate.
        """
        from gradsheet.api.derivations import Derivation, Derivative  # noqa: PLC0415 - they bring what writes them
        from gradsheet.derivation import derive  # noqa: PLC0415 - reading alone stays light

        model = self._sheet
        if of is None:
            if not self._derived.targets and not self._derived.adjoints:
                raise SheetError((Diagnostic("GS210", "the sheet states nothing to differentiate", None, model.source,
                    suggestion='add `minimize L`, or name a derivative: derive("L", "w")'),))  # fmt: skip
            return Derivation(self._derived)
        if wrt is None:
            return Derivation(derive(model, symbol_of(model, of).symbol))
        known = self._known(of, wrt)
        if known is not None:
            return known
        target, variable = symbol_of(model, of), symbol_of(model, wrt)
        if variable.symbol.domain.kind not in {"real", "simplex"}:
            message = f"'{variable.symbol.name}' takes separate values, so nothing can be differentiated by it"
            raise SheetError((Diagnostic("GS213", message, None, model.source),))
        if target.items or not model.equations_of(target.symbol):
            message = f"'{of}' is not computed by an equation, so it has no derivative"
            raise SheetError((Diagnostic("GS214", message, None, model.source),))
        derived = derive(model, target.symbol, (variable.symbol,))
        return Derivative(model, derived.gradients[variable.symbol], derived, variable.items)

    def _known(self, of: str, wrt: str) -> Derivative | None:
        """A derivative that the whole derivation holds already, in the author's own terms."""
        from gradsheet.api.derivations import Derivative  # noqa: PLC0415 - the same

        model = self._sheet
        if not model.parameters or (model.objective is None and not model.pullbacks):
            return None
        target, variable = symbol_of(model, of), symbol_of(model, wrt)
        for adjoint in self._derived.adjoints:
            if adjoint.of is target.symbol and adjoint.wrt == (variable.symbol,) and not target.items:
                return Derivative(model, adjoint, self._derived, variable.items)
        return None

    # ------------------------------------------------------------ numbers

    def solve(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        mode: Literal["exact", "float"] | None = None,
        steps: int | None = None,
        digits: int = 5,
        **named: Any,
    ) -> Solution:
        """Derive, evaluate and verify: at the sheet's own values, with those passed here in their place.

        Values are numbers, `Fraction`s, nested lists, arrays; an int or a `Fraction` is exact, a float the number
        that it is. A name that is no Python identifier, or that is one of the options, stands in `values`:
        `solve({"ŷ": …}, x=…)`. `mode` is "exact" for exact and certified numbers, "float" for float64, by default
        exact while that is quick. `steps` is how many updates follow, `digits` how many digits are printed.
        Raises `SheetError` for values that lack, have the wrong shape, or lie outside their sets.
        """
        from gradsheet.api.solutions import Solution  # noqa: PLC0415 - NumPy is loaded with the first numbers
        from gradsheet.solution import solve  # noqa: PLC0415 - the same

        if mode not in {None, "exact", "float"}:
            msg = f"mode is 'exact', 'float' or None, not {mode!r}"
            raise ValueError(msg)
        given = dict(values or {})
        twice = sorted(given.keys() & named.keys())
        if twice:
            msg = f"given twice: {', '.join(twice)}"
            raise TypeError(msg)
        given.update(named)
        kind = {"exact": "certified", "float": "float64", None: None}[mode]
        return Solution(solve(self._sheet, given or None, kind=kind, steps=steps), digits=digits)

    # ------------------------------------------------------------ machine code

    def compile(
        self,
        *what: str,
        dtype: Literal["float32", "float64"] = "float64",
        batch: int | None = None,
        data: Sequence[str] | None = None,
        reduction: Literal["mean", "sum"] = "mean",
        sizes: Mapping[str, Any] | None = None,
        copies: int = 1,
        threads: int = 1,
    ) -> Compiled:
        r"""What the sheet computes as machine code for this processor: "value", "gradient", "update", or names.

        `batch` is the number of rows of data in one step; None computes one example, or the batch that the sheet
        states itself. `data` names what has a row for each example, by default all inputs of the loss that are no
        scalars; `reduction` says whether their losses are averaged or added up. `sizes` are those the sheet leaves
        open. `copies` trains so many small models at once on the same data, each with parameters of its own: these
        have one more axis, the last. `threads` share the rows of a step. Needs llvmlite
        (`pip install "gradsheet[native]"`). Raises `SheetError` for a sheet that states no such thing, for sizes that
        are symbols, and for operations without machine code.

        >>> sheet = loads("x, w ∈ ℝ^2, y ∈ ℝ\nL = 1/2 (w' x - y)²\nparameters w\nminimize L by sgd(η = 0.5)\n")
        >>> step = sheet.compile("update", batch=1, data=("x", "y"))
        >>> weights = step.parameters()
        >>> _ = step.epoch(weights, x=[[1, 0], [0, 1]], y=[2, 4])
        >>> weights
        {'w': array([1., 2.])}
        """
        with rare_collection():
            from gradsheet.api.compiled import Many, compiled  # noqa: PLC0415 - the compiler is loaded with its first use

            wanted = what or ("gradient",)
            return compiled(
                self._derived, wanted, precision=dtype, batch=batch, data=data, weight=reduction, sizes=sizes or {},
                many=Many(copies, threads),
            )  # fmt: skip

    # ------------------------------------------------------------ training

    def train(  # noqa: PLR0913 - each is a choice of its own
        self,
        data: Any,
        /,
        *,
        validation: Any = None,
        mapping: Mapping[str, str] | Sequence[str] = (),
        values: Mapping[str, Any] | None = None,
        start: Mapping[str, Any] | None = None,
        folder: str | os.PathLike[str] | None = None,
        resume: bool = False,
        force: bool = False,
        **recipe: Any,
    ) -> Model:
        r"""Parameters that fit the data: a row is an example, and the sheet states the loss of one.

        `data` is a path, a dictionary of arrays, a frame, or a list of these; `validation` a share of its rows, or data
        of their own; `mapping` says which columns a symbol is; `values` are sizes and constants; `start` the first
        values of parameters. With `folder`, checkpoints, a log and a curve are kept there, and `resume` goes on with a
        run. `whole` is for sheets that state all rows themselves (`X ∈ ℝ^(N×d)`): the data fill the sheet's own arrays,
        and each step sees all of them. The recipe: `epochs`, `batch` (or "all"), `rate`, `method` ("sgd", "momentum",
        "nesterov", "rmsprop", "adam", "adamw", "sheet"), `momentum`, `weight_decay`, `clip`, `schedule`, `reduction`,
        `stratify`, `patience`, `seed`, `shuffle`, `dtype`, `threads`, `begin` (rules such as "W ~ he").
        Raises `SheetError` for data that do not fit, and where a loss stops being finite.

        >>> sheet = loads("x, w ∈ ℝ^2, y, ŷ ∈ ℝ\nŷ = wᵀ x\nL = (ŷ - y)²\nparameters w\nminimize L")
        >>> x = [[1, 0], [0, 1], [1, 1], [2, 1]]
        >>> model = sheet.train({"x": x, "y": [2, -1, 1, 3]}, epochs=200, batch=1, rate=0.1)
        >>> model.parameters["w"].round(6).tolist(), model.predict({"x": [[3, 1]]}).values.round(6).tolist()
        ([2.0, -1.0], [5.0])
        """
        from gradsheet.api.trained import recipe_of, trained  # noqa: PLC0415 - the compiler is loaded with the first use

        return trained(
            self._sheet, data, recipe_of(**recipe), validation=validation, mapping=mapping, values=values, start=start,
            folder=folder, resume=resume, force=force,
        )  # fmt: skip

    # ------------------------------------------------------------ programs

    def program(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        what: str | Sequence[str] = (),
        after: str | None = None,
        batch: int | Literal["any"] | None = None,
        data: Sequence[str] = (),
    ) -> Program:
        r"""What is computed, as assignments to arrays in an order in which they can be carried out.

        `what` is "value", "gradient", "update", "pullback" or a name of the sheet, by default all that it states;
        `after` the name of a pass, by default the last one. `batch` is the number of rows of the data, or "any";
        `data` are the inputs that have them. Sizes may stand among the values: `program({"n": 3})`.

        >>> sheet = loads("x, w ∈ ℝ^n\nL = 1/2 (w' x)²\nparameters w\nminimize L")
        >>> [a.target.name for a in sheet.program(after="gather").assigns]
        ['L', '∂L/∂w']
        """
        from gradsheet.programs.lowering import PASSES  # noqa: PLC0415 - NumPy is loaded with the first numbers
        from gradsheet.targets.plan import program_of  # noqa: PLC0415 - the same

        if after is not None and after not in {p.name for p in PASSES}:
            msg = f"after is the name of a pass ({', '.join(p.name for p in PASSES)}), not {after!r}"
            raise ValueError(msg)
        named = (what,) if isinstance(what, str) else tuple(what)
        return program_of(self._sheet, dict(values or {}), named, after, batch, tuple(data) or None)

    def export(
        self,
        target: str,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        what: str | Sequence[str] = (),
        batch: bool | int = False,
        data: Sequence[str] = (),
        dtype: Literal["float32", "float64"] = "float64",
        const_weights: bool = False,
    ) -> str:
        r"""Source code of the sheet's functions and their derived gradients: "numpy", "jax", "torch" or "c".

        With `batch`, data come with a row for each example. For C it is their number; `dtype` is the precision, and
        with `const_weights` the values of the parameters become part of the code. The rest is as for `program`.

        >>> sheet = loads("x, w ∈ ℝ^n\nL = 1/2 (w' x)²\nparameters w\nminimize L")
        >>> print(sheet.export("numpy", what="gradient").splitlines()[-1].strip())
        return L, (dL_dw,)
        """
        from gradsheet.targets import Choices, export  # noqa: PLC0415 - NumPy is loaded with the first numbers

        named = (what,) if isinstance(what, str) else tuple(what)
        choices = Choices(named, dict(values or {}), batch, tuple(data) or None, dtype, const_weights)
        return export(self._sheet, target, choices).text

    # ------------------------------------------------------------ exercises

    def variants(
        self,
        n: int = 10,
        /,
        *,
        seed: int = 1,
        vary: Sequence[str] = (),
        keep: Sequence[str] = (),
        sizes: Mapping[str, int] | None = None,
        kinks: bool = False,
    ) -> list[Sheet]:
        r"""Sheets with other numbers that stay pleasant by hand: few digits, nothing saturated, no value on a kink.

        The same sheet and seed give the same variants, however many are asked for; each is solved and verified before
        it is returned. `vary` and `keep` name values; `sizes` sets those that the sheet leaves open; `kinks` wants a
        value on a kink. A comment in a variant's text says what was given up. Raises `SheetError` where there is
        nothing to vary, or where there are not so many variants.

        >>> sheet = loads("x, w ∈ ℝ\nL = (w x - 1)²\nparameters w\nminimize L\ngiven x = 2, w = 3\n")
        >>> [v.text.splitlines()[-1] for v in sheet.variants(2)]
        ['given x = 3, w = -3', 'given x = 3, w = 2']
        """
        from gradsheet.exercises import Wishes, set_exercises  # noqa: PLC0415 - NumPy is loaded with the first numbers

        if n < 1:
            msg = f"the number of variants is at least 1, not {n}"
            raise ValueError(msg)
        wishes = Wishes(tuple(vary), tuple(keep), sizes, kinks)
        found = set_exercises(self._sheet, n, seed, wishes).variants
        return [Sheet(variant.sheet.source) for variant in found]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Sheet {self.name}: {', '.join(self.definitions) or 'no equations'}>"
