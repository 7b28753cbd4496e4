"""The house: layers import downward only, modules stay short, starting stays light."""

from __future__ import annotations

import ast
import importlib
import re
import statistics
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import gradsheet

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "gradsheet"
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS = (
    "memory",
    "records",
    "diagnostics",
    "files",
    "expressions",
    "numerics",
    "kernels",
    "operations",
    "syntax",
    "manuscripts",
    "typesetting",
    "sheet",
    "calculus",
    "evaluation",
    "derivation",
    "verification",
    "solution",
    "writing",
    "programs",
    "native",
    "targets",
    "training",
    "checking",
    "auditing",
    "exercises",
    "models",
    "api",
    "builder",
    "cli",
)
ENTRANCES = {"__init__", "__main__"}
LAZY = {"cli", "api", "builder", *ENTRANCES}
HEAVY = ("numpy", "flint", "rich")


def name_of(path: Path) -> str:
    parts = ("gradsheet", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports_of(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """Every module of gradsheet that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names if alias.name.split(".")[0] == "gradsheet")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            if node.module and node.module.split(".")[0] == "gradsheet":
                if node.module == "gradsheet":
                    named = (alias.name for alias in node.names if alias.name != "__version__")  # it is in no layer
                    yield from ((f"gradsheet.{name}", node) for name in named)
                else:
                    yield node.module, node


def upward_imports(path: Path) -> list[str]:
    layer = layer_of(path)
    if layer in ENTRANCES:
        return []
    place = LAYERS.index(layer)
    found = []
    for module, node in imports_of(path):
        above = module.split(".")[1] if "." in module else "gradsheet"
        if above not in LAYERS[: place + 1]:
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {layer} imports {module}")
    return found


def local_imports(path: Path) -> list[str]:
    """Imports inside functions that do not say why they stand there."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    found = set()
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    line = lines[node.lineno - 1]
                    if not re.search(r"# noqa: PLC0415 - \S", line):
                        found.add(f"{path.relative_to(ROOT)}:{node.lineno}: {line.strip()}")
    return sorted(found)


def test_every_module_belongs_to_a_layer():
    strangers = [str(p.relative_to(ROOT)) for p in MODULES if layer_of(p) not in {*LAYERS, *ENTRANCES}]
    assert strangers == []


def test_every_layer_exists():
    missing = [layer for layer in LAYERS if not ((PACKAGE / layer).is_dir() or (PACKAGE / f"{layer}.py").is_file())]
    assert missing == []


def test_layers_import_downward_only():
    assert [line for path in MODULES for line in upward_imports(path)] == []


def test_an_upward_import_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    planted = tmp_path / "syntax" / "planted.py"
    planted.parent.mkdir()
    planted.write_text("def f():\n    from gradsheet.cli import main\n    return main\n", encoding="utf-8")
    assert upward_imports(planted) == ["syntax/planted.py:2: syntax imports gradsheet.cli"]
    assert local_imports(planted) == ["syntax/planted.py:2: from gradsheet.cli import main"]


def test_no_two_modules_import_each_other():
    graph: dict[str, set[str]] = {}
    names = {name_of(path) for path in MODULES}
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        needs = graph.setdefault(name_of(path), set())
        for node in tree.body:  # at module level only: imports for types alone do not run
            for statement in ast.walk(node) if isinstance(node, ast.Try) else [node]:
                if isinstance(statement, ast.ImportFrom) and statement.module in names:
                    below = {f"{statement.module}.{a.name}" for a in statement.names} & names
                    needs |= below or {statement.module}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_modules_are_short():
    lengths = {str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    assert {name: n for name, n in lengths.items() if n > 600} == {}
    assert statistics.median(lengths.values()) <= 200


def test_imports_stand_at_the_top():
    assert [line for path in MODULES if layer_of(path) not in LAZY for line in local_imports(path)] == []


def loaded_after(*statements: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after some statements."""
    program = "; ".join(["import sys", *statements, "print('\\n'.join({m.split('.')[0] for m in sys.modules}))"])
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(run.stdout.split("\n"))


def test_importing_gradsheet_is_light():
    assert loaded_after("import gradsheet").isdisjoint(HEAVY)


def test_help_is_light():
    call = "from gradsheet.cli import main"
    run = "exec('try:\\n main([\"--help\"])\\nexcept SystemExit as e:\\n assert not e.code')"
    assert loaded_after(call, run).isdisjoint(HEAVY)


def test_a_heavy_import_is_seen():
    assert "numpy" in loaded_after("import numpy")


def test_what_is_public_is_exact():
    listed = gradsheet.__all__
    assert list(listed) == sorted(listed)
    assert len(set(listed)) == len(listed)
    for name in listed:
        assert getattr(gradsheet, name) is not None, name
    public = {n for n in vars(gradsheet) if not n.startswith("_")}
    modules = {n for n in public if f"gradsheet.{n}" in sys.modules}
    assert public - modules - set(listed) == set()
    assert set(listed) <= set(dir(gradsheet))


@pytest.mark.parametrize("path", [p for p in MODULES if p.name == "__init__.py" and p.parent != PACKAGE], ids=name_of)
def test_packages_list_what_they_export(path: Path):
    """Whoever imports from a package finds everything in its `__all__`, and nothing else is let out."""
    module = importlib.import_module(name_of(path))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    brought = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
    }
    listed = getattr(module, "__all__", [])
    assert {name for name in listed if not hasattr(module, name)} == set()
    assert {name for name in brought if not name.startswith("_")} <= set(listed)


def test_each_exception_from_the_linter_says_why():
    bare = []
    for path in sorted([*MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"#\s*noqa\b(?!: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)* - \S)", line) and "re." not in line:
                bare.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert bare == []


def test_each_ignored_rule_says_why():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    rules = tomllib.loads(text)["tool"]["ruff"]["lint"]
    ignored = [*rules["ignore"], *(rule for rules_ in rules["per-file-ignores"].values() for rule in rules_)]
    for rule in ignored:
        assert re.search(rf'^  "{rule}", +# \S', text, flags=re.MULTILINE), rule
