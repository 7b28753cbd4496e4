"""The test of an exported C file: compiled, called, compared with stored reference numbers and central differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.native.places import shape
from gradsheet.programs.reference import evaluate
from gradsheet.targets.points import draw_point

if TYPE_CHECKING:
    from gradsheet.expressions import Symbol
    from gradsheet.targets.c_file import CFile
    from gradsheet.targets.c_routines import Routine

_TEXT = '''"""Tests {module}.c, which was exported from {about}. Needs NumPy, and a C compiler on the path."""

import ctypes
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
FLAGS = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared"]
COMPILER = next(filter(None, map(shutil.which, (os.environ.get("CC", "cc"), "cc", "gcc", "clang"))), None)
NUMBER = np.dtype("{dtype}")
RELATIVE, ABSOLUTE = {tolerance}
STEP, SLOPES = {step}
GUARD = 8

# Name, shape, and whether the function reads, writes or changes it; a number by value has no shape.
FUNCTIONS = {{
{functions}
}}
RETURNS = {returns}
WORKSPACE = {workspace}
ARGUMENTS = {{
{arguments}
}}
EXPECTED = {{
{expected}
}}


def compiled(folder):
    """The library, built from {module}.c."""
    path = Path(folder) / "library.so"
    command = [COMPILER, *FLAGS, str(HERE / "{module}.c"), "-o", str(path), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    return ctypes.CDLL(str(path))


def guarded(values, dtype):
    """An array between numbers that nobody may touch."""
    held = np.full(values.size + 2 * GUARD, 77, dtype)
    held[GUARD : GUARD + values.size] = values.reshape(-1)
    return held


@unittest.skipIf(COMPILER is None, "there is no C compiler on the path")
class ExportedFunctions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            cls.library = compiled(folder)

    def call(self, kind, fill=np.nan, **given):
        """Every array that a function writes, and what it returns under the name None."""
        values = {{**ARGUMENTS, **given}}
        handed, arrays = [], {{}}
        for name, shape, way in FUNCTIONS[kind]:
            whole = name in ARGUMENTS and np.asarray(values[name]).dtype.kind == "i"
            dtype = np.dtype(np.int64) if whole else NUMBER
            if shape is None:
                handed.append(np.ctypeslib.as_ctypes_type(dtype)(np.asarray(values[name]).item()))
                continue
            start = np.full(shape, fill) if way == "out" else np.asarray(values[name]).reshape(shape)
            arrays[name] = guarded(start, dtype)
            handed.append(ctypes.c_void_p(arrays[name][GUARD:].ctypes.data))
        workspace = guarded(np.full(WORKSPACE[kind], fill), NUMBER)
        handed.append(ctypes.c_void_p(workspace[GUARD:].ctypes.data))
        function = getattr(self.library, "{prefix}_" + kind)
        function.restype = np.ctypeslib.as_ctypes_type(NUMBER) if kind in RETURNS else None
        returned = function(*handed)
        found = {{}} if returned is None else {{None: np.asarray(returned)}}
        arrays["workspace"] = workspace
        for name, held in arrays.items():
            self.assertTrue(np.all(held[:GUARD] == 77) and np.all(held[-GUARD:] == 77), name + " ends earlier")
        for name, shape, way in FUNCTIONS[kind]:
            if shape is None:
                continue
            value = arrays[name][GUARD:-GUARD].reshape(shape)
            if way == "in":
                np.testing.assert_array_equal(value, np.asarray(values[name]).reshape(shape).astype(value.dtype))
            else:
                found[name] = value
        return found

    def test_the_reference_numbers(self):
        for kind, expected in EXPECTED.items():
            found = self.call(kind)
            self.assertEqual(found.keys(), expected.keys())
            for name, value in expected.items():
                close = ABSOLUTE * max(1.0, np.max(np.abs(value), initial=0.0))
                np.testing.assert_allclose(found[name], value, RELATIVE, close, err_msg=f"{{kind}} {{name}}")

    def test_nothing_is_left_from_a_call_before(self):
        for kind in FUNCTIONS:
            first, second = self.call(kind), self.call(kind, fill=5)
            for name, expected in EXPECTED[kind].items():
                known = ~np.isnan(expected)  # what the sheet leaves undefined is not written
                np.testing.assert_array_equal(first[name][known], second[name][known])
{tests}

if __name__ == "__main__":
    unittest.main()
'''

_DIFFERENCES = """
    def test_derivatives_agree_with_central_differences(self):
        def total(**given):
            found = self.call("{kind}", **given)
            return {total}

        slopes = self.call("{kind}")
        size = 1 + abs(total())
        for name, derivative in {pairs}.items():
            start = np.array(ARGUMENTS[name], float)
            places = list(np.ndindex(start.shape))
            for place in places[:: len(places) // 64 + 1]:
                moved = [start.copy(), start.copy()]
                moved[0][place] += STEP
                moved[1][place] -= STEP
                above, below = (total(**{{name: m}}) for m in moved)
                found = float(slopes[derivative].reshape(start.shape)[place])
                near = SLOPES * (size + abs(found))
                self.assertAlmostEqual((above - below) / (2 * STEP), found, delta=near, msg=f"{{derivative}} {{place}}")
"""

_ROWS = """
    def test_the_order_of_the_rows_makes_no_difference(self):
        turned = {{name: np.roll(ARGUMENTS[name], 1, axis=0) for name in {names}}}
        for kind in {kinds}:
            found, expected = self.call(kind, **turned), self.call(kind)
            for name, value in expected.items():
                close = ABSOLUTE * max(1.0, np.max(np.abs(value), initial=0.0))
                np.testing.assert_allclose(found[name], value, RELATIVE, close)
"""


class CTest:
    """The text of the test of one file, called `module`."""

    def __init__(self, file: CFile, module: str) -> None:
        self.file, self.module, self.plan = file, module, file.plan
        self.arguments: dict[str, Any] = {}
        self.values: dict[tuple[str, tuple[int, ...] | None], Any] = {}
        self._point()

    def _point(self) -> None:
        """Values of all arguments; those that are part of the code are what they are there."""
        point = draw_point(self.plan)
        members = {a.symbol: a.member for a in self.plan.program.arguments}
        fixed = {
            (a.name, a.member): np.array(self.file.constants[a.symbol]).reshape(shape(a.symbol))
            for r in self.file.routines for a in r.program.arguments if a.symbol in self.file.constants
        }  # fmt: skip
        for group in self.plan.workshop.inputs:
            held = point.arguments[group.name]
            for symbol, value in zip(group.symbols, held if group.members else [held], strict=True):
                key = group.written, members[symbol]
                self.values[key] = fixed.get(key, np.asarray(value))

    def text(self) -> str:
        """The whole file."""
        file = self.file
        single = file.plan.choices.dtype == "float32"
        functions, expected = [], []
        for routine in file.routines:
            functions.append(f'    "{routine.kind}": [')
            functions += [f"        ({name!r}, {form}, {way!r})," for name, form, way in self._signature(routine)]
            functions.append("    ],")
            expected.append(f'    "{routine.kind}": {{')
            expected += [f"        {name!r}: {_array(value)}," for name, value in self._expected(routine)]
            expected.append("    },")
        arguments = [f"    {name!r}: {_array(value)}," for name, value in self.arguments.items()]
        return _TEXT.format(
            module=self.module, about=self.plan.sheet.source.name.replace("\\", "/").rsplit("/", 1)[-1],
            dtype=file.plan.choices.dtype, tolerance="1e-3, 1e-4" if single else "1e-9, 1e-11",
            step="1e-2, 1e-2" if single else "1e-6, 1e-6", functions="\n".join(functions),
            returns=[r.kind for r in file.routines if r.returned is not None], workspace=dict(file.needs),
            arguments="\n".join(arguments), expected="\n".join(expected), prefix=file.prefix, tests=self._more(),
        )  # fmt: skip

    def _signature(self, routine: Routine) -> list[tuple[str, str, str]]:
        found = []
        members = {a.symbol: a.member for a in routine.program.arguments}
        for name, symbol, group in routine.parameters(self.file.constants):
            out = any(group is g for g in routine.outputs)
            way = "out" if out else "in, out" if symbol in routine.layout.written else "in"
            if not out:
                self.arguments[name] = self.values[group.written, members[symbol]]
            found.append((name, "None" if routine.by_value(symbol) else str(shape(symbol)), way))
        return found

    def _expected(self, routine: Routine) -> list[tuple[str | None, Any]]:
        program = routine.program
        given: dict[Symbol, Any] = {
            a.symbol: self.values[a.name, a.member] for a in program.arguments if a.part != "table"
        }
        with np.errstate(all="ignore"):
            held = evaluate(program, given)
        names = routine.workshop.names.of
        returned = None if routine.returned is None else routine.returned.symbols[0]
        found: list[tuple[str | None, Any]] = []
        for result in program.results:
            place = result.symbol if result.updates is None else result.updates
            found.append((None if result.symbol is returned else names[place], held[result.symbol]))
        return found

    def _more(self) -> str:
        """Tests of derivatives, and of rows."""
        plan = self.plan
        made = ""
        by_kind = {r.kind: r for r in self.file.routines}
        names = plan.workshop.names.of
        pairs = {
            names[argument]: names[derivative]
            for source, target in plan.gradients
            for argument, derivative in zip(source.symbols, target.symbols, strict=True)
            if argument not in self.file.constants
        }
        if "gradient" in by_kind and pairs:
            made += _DIFFERENCES.format(kind="gradient", total="float(found[None])", pairs=pairs)
        if "pullback" in by_kind and pairs:
            own = by_kind["pullback"]
            upstream = {s.name: y for y, s in plan.derivation.cotangents.items()}
            terms = []
            for bar in plan.cotangents:
                group = next(g for g in plan.outputs if g.written == upstream[bar.written].name)
                for symbol, up in zip(group.symbols, bar.symbols, strict=True):
                    name = None if group is own.returned else names[symbol]
                    found = f"found[{name!r}]"
                    terms.append(f"np.sum({found} * np.reshape(ARGUMENTS[{names[up]!r}], {found}.shape))")
            made += _DIFFERENCES.format(kind="pullback", total=f"float({' + '.join(terms)})", pairs=pairs)
        kinds = [k for k in ("value", "gradient", "update") if k in by_kind]
        data = [names[s] for g in plan.workshop.inputs if g.part == "data" for s in g.symbols]
        if plan.rows is not None and data and kinds and plan.value is not None:
            made += _ROWS.format(names=data, kinds=kinds)
        return made


def _array(value: Any) -> str:
    text = repr(np.asarray(value).tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
    return f"np.array({text})"


__all__ = ["CTest"]
