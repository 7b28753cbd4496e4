"""`file.py:Name` as a function with a backward pass: what it is, and what is said where it is none."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gradsheet.auditing.peers.jax_function import JaxFunction
from gradsheet.auditing.peers.numpy_pair import NumpyPair
from gradsheet.auditing.peers.torch_function import TorchFunction
from gradsheet.auditing.peers.tracing import problem_of

if TYPE_CHECKING:
    from gradsheet.auditing.peers.model import Peer

_INSTALL: Final = {"torch": 'pip install "gradsheet[torch]"', "jax": 'pip install "gradsheet[jax]"'}
_WRAPPERS = 8


class CannotLoadError(Exception):
    """There is no function with a backward pass at that name: the code of the diagnostic, what is wrong, a way out."""

    def __init__(self, code: str, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.suggestion = code, message, suggestion


def load_peer(file: str, name: str) -> Peer:
    """Run a file and take what is asked for from it: `Name`, `Outer.Name`, or `forward,backward`."""
    path = Path(file).resolve()
    module = _run(path)
    names = [part.strip() for part in name.split(",")]
    found = [_named(module, part, path) for part in names]
    if len(found) > 2:
        raise CannotLoadError("GS902", f"'{name}' are {len(found)} names; a pair has two: forward,backward")
    return peer_of(found[0] if len(found) == 1 else tuple(found), name, str(path))


def _run(path: Path) -> Any:
    """The module of a file; its own folder is searched for what it imports."""
    name = "_".join(("audited", *path.stem.split(".")))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CannotLoadError("GS901", "this is no Python file", "a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        root = (error.name or "").split(".")[0]
        if root in _INSTALL:
            raise CannotLoadError("GS903", f"the file imports {root}, which is not installed", _INSTALL[root]) from None
        raise CannotLoadError("GS901", _broken(error, path)) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the file does when it is run is said
        raise CannotLoadError("GS901", _broken(error, path)) from None
    finally:
        sys.path.remove(str(path.parent))
    return module


def _broken(error: BaseException, path: Path) -> str:
    problem = problem_of(error, "forward", str(path))
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return f"the file cannot be run: line {error.lineno}: {problem.message}"
    place = f" (line {problem.line}: {problem.text})" if problem.line is not None else ""
    return f"the file cannot be run: {problem.message}{place}"


def _named(module: Any, name: str, path: Path) -> Any:
    value = module
    for part in name.split("."):
        if not hasattr(value, part):
            known = [n for n, v in vars(module).items() if not n.startswith("_") and callable(v)]
            own = [n for n in known if getattr(getattr(module, n), "__module__", None) == module.__name__] or known
            listed = f"it has {', '.join(own[:12])}" if own else "it defines no function"
            raise CannotLoadError("GS901", f"there is no '{part}' in {path.name}", listed)
        value = getattr(value, part)
    return value


def peer_of(function: Any, name: str | None = None, file: str | None = None) -> Peer:
    """A function object as a peer: a Function or its `apply`, a custom_vjp function, a pair or what has the two."""
    called = name or getattr(function, "__name__", None) or type(function).__name__
    file = file or _home(function)
    torch: Any = sys.modules.get("torch")
    applied = getattr(function, "__self__", None) if getattr(function, "__name__", "") == "apply" else None
    candidate = applied if isinstance(applied, type) else function
    if torch is not None and isinstance(candidate, type) and issubclass(candidate, torch.autograd.Function):
        base = torch.autograd.Function
        if candidate.backward is base.backward and candidate.vjp is base.vjp:  # type: ignore[attr-defined]
            raise CannotLoadError("GS902", f"'{called}' has no backward of its own")
        return TorchFunction(candidate, called, file)
    rules = _rules(function)
    if rules is not None:
        if getattr(rules, "bwd", None) is None:
            raise CannotLoadError("GS902", f"'{called}' has no rules yet", f"{called}.defvjp(forward, backward)")
        return JaxFunction(function, rules, called, file)
    if isinstance(function, tuple | list) and len(function) == 2 and all(map(callable, function)):
        return NumpyPair(function[0], function[1], name or "forward,backward", file)
    pair = getattr(function, "forward", None), getattr(function, "backward", None)
    if callable(pair[0]) and callable(pair[1]):
        return NumpyPair(pair[0], pair[1], called, file)
    raise CannotLoadError(
        "GS902",
        f"'{called}' is {_what(function)}, and has no backward pass",
        "a torch.autograd.Function, a jax.custom_vjp function, or a pair: file.py:forward,backward",
    )


def _home(function: Any) -> str | None:
    """The file in which a function stands."""
    try:
        return inspect.getsourcefile(function[-1] if isinstance(function, tuple | list) else function)
    except (TypeError, IndexError):
        return None


def _rules(function: Any) -> Any:
    """The custom_vjp function behind wrappers such as `jax.jit`."""
    jax: Any = sys.modules.get("jax")
    if jax is None:
        return None
    for _ in range(_WRAPPERS):
        if isinstance(function, jax.custom_vjp):
            return function
        function = getattr(function, "__wrapped__", None)
    return None


def _what(value: Any) -> str:
    if isinstance(value, type):
        return "a class"
    return "a function" if callable(value) else f"a value of type {type(value).__name__}"


__all__ = ["CannotLoadError", "load_peer", "peer_of"]
