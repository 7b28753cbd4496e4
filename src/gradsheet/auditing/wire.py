"""Requests and answers as bytes: JSON, with the arrays in an .npz archive beside it; nothing is ever unpickled."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from gradsheet.auditing.peers.model import (
    Answer,
    Argument,
    Description,
    Parameter,
    Problem,
    Request,
    Returned,
)

if TYPE_CHECKING:
    from gradsheet.auditing.peers.model import Array

_LENGTH = struct.Struct(">Q")
_MOST = 1 << 31


class ClosedError(Exception):
    """The other side is gone."""


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one message."""
    arrays: dict[str, Array] = {}
    text = json.dumps(_out(message, arrays))
    buffer = io.BytesIO()
    np.savez(buffer, header=np.frombuffer(text.encode(), dtype=np.uint8), **arrays)  # type: ignore[arg-type]
    data = buffer.getvalue()
    try:
        stream.write(_LENGTH.pack(len(data)))
        stream.write(data)
        stream.flush()
    except (BrokenPipeError, OSError, ValueError):
        raise ClosedError from None


def receive(stream: BinaryIO) -> dict[str, Any]:
    """Read one message; raises `ClosedError` where there is none."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > _MOST:
        raise ClosedError
    with np.load(io.BytesIO(_exactly(stream, length)), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    found: dict[str, Any] = _in(json.loads(arrays["header"].tobytes()), arrays)
    return found


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if data is None or len(data) < count:
        raise ClosedError
    return data


def _out(value: Any, arrays: dict[str, Array]) -> Any:
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, dict):
        return {"items": {k: _out(v, arrays) for k, v in value.items()}}
    if isinstance(value, list | tuple):
        return [_out(v, arrays) for v in value]
    return value


def _in(value: Any, arrays: dict[str, Array]) -> Any:
    if isinstance(value, dict):
        if "array" in value:
            return arrays[value["array"]]
        return {k: _in(v, arrays) for k, v in value["items"].items()}
    return [_in(v, arrays) for v in value] if isinstance(value, list) else value


# ---------------------------------------------------------------- what is sent


def request_message(request: Request) -> dict[str, Any]:
    """A request as data."""
    return asdict(request)


def request_of(data: dict[str, Any]) -> Request:
    """The request that was sent."""
    arguments = tuple(Argument(**a) for a in data["arguments"])
    return Request(arguments, tuple(data["upstream"]), tuple(data["names"]), data["layout"], data["again"])


def answer_message(answer: Answer) -> dict[str, Any]:
    """An answer as data."""
    return asdict(answer)


def answer_of(data: dict[str, Any]) -> Answer:
    """The answer that was sent."""
    problem, again = (Problem(**data[k]) if data[k] is not None else None for k in ("problem", "again_problem"))
    returned = data["returned"]
    if returned is not None:
        returned = [Returned(tuple(r["shape"]) if r["shape"] is not None else None, r["dtype"], r["value"])
                    for r in returned]  # fmt: skip
    rest = {k: v for k, v in data.items() if k not in {"problem", "again_problem", "returned"}}
    return Answer(**rest, returned=returned, problem=problem, again_problem=again)


def description_of(data: dict[str, Any]) -> Description:
    """The description that was sent."""
    parameters = tuple(Parameter(**p) for p in data["parameters"])
    return Description(data["kind"], data["name"], parameters, tuple(data["layouts"]), data["variadic"])
