"""Files of models and runs: whole or refused, whatever happened to them, and whoever wrote them."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cli.session import gradsheet
from gradsheet.api.trained import load_model
from gradsheet.diagnostics import SheetError
from gradsheet.training import checkpoints
from gradsheet.training.checkpoints import BEFORE, NAME, Checkpoint, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHEET = """
x, w ∈ ℝ^n, y, b, k ∈ ℝ
ŷ = w' x + b
L = k (ŷ - y)²
parameters w, b
minimize L
given k = 1/2
"""
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
DATA = {"x": X, "y": X @ [1.0, -2.0, 0.5] + 0.3}
RECIPE = ("--method", "momentum", "--rate", "0.01", "--batch", "4")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of two epochs: its last checkpoint, and the one before."""
    place = tmp_path_factory.mktemp("original")
    np.savez(place / "data.npz", **DATA)
    (place / "line.sheet").write_text(SHEET, encoding="utf-8")
    run = place / "run"
    begun = ("train", str(place / "line.sheet"), "--data", str(place / "data.npz"), "-o", str(run))
    assert gradsheet(*begun, *RECIPE, "--epochs", "1").code == 0
    assert gradsheet("train", "--resume", "-o", str(run), "--epochs", "2").code == 0
    assert {NAME, BEFORE, "log.jsonl", "curve.svg"} <= {p.name for p in run.iterdir()}
    return place


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    """A copy to be spoiled."""
    return shutil.copytree(original / "run", tmp_path / "run")


def code_of(data: bytes) -> str | None:
    """The code with which a file is refused; None where it is taken."""
    try:
        unpacked(data, "a file")
    except SheetError as problem:
        return problem.diagnostics[0].code
    return None


# ---------------------------------------------------------------- damage


def test_a_file_cut_short_at_any_length_is_noticed(original: Path):
    data = (original / "run" / NAME).read_bytes()
    assert code_of(data) is None
    assert [n for n in range(len(data)) if code_of(data[:n]) != "GS832"] == []
    assert code_of(data + b"\0") == "GS832"


def test_one_other_byte_anywhere_is_noticed(original: Path):
    data = (original / "run" / NAME).read_bytes()
    chance = random.Random(1)
    for place in range(len(data)):
        spoiled = bytearray(data)
        spoiled[place] ^= 1 << chance.randrange(8)
        assert code_of(bytes(spoiled)) in {"GS832", "GS833"}, place
    swapped = data[:-16] + data[-8:] + data[-16:-8]
    assert code_of(swapped) == "GS832"


SPOILS: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda _: b"",
    "a byte of the header": lambda data: data.replace(b'"epoch', b'"Epoch', 1),
    "a byte of the format": lambda data: data.replace(b"gradsheet model 1", b"gradsheet model 2", 1),
    "a byte of the data": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "zeros": lambda data: bytes(len(data)),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_the_one_before_is_used_and_this_is_said(spoil: Callable[[bytes], bytes], original: Path, run: Path):
    before = unpacked((run / BEFORE).read_bytes(), "")
    (run / NAME).write_bytes(spoil((run / NAME).read_bytes()))
    told = gradsheet("predict", str(run), "--data", str(original / "data.npz"), "--score")
    assert told.code == 0
    assert f"remark: {run / NAME}: this" in told.err
    assert f"remark: {run / BEFORE} is used" in told.err
    model = load_model(run)
    np.testing.assert_array_equal(model.parameters["w"], before.arrays["w"])
    assert len(model.remarks) == 2


def test_a_run_goes_on_from_the_one_before(run: Path, monkeypatch: pytest.MonkeyPatch):
    """And the damaged one never takes the place of the one before, not even for a moment."""
    wanted = unpacked((run / NAME).read_bytes(), "").arrays
    good = (run / BEFORE).read_bytes()
    (run / NAME).write_bytes(b"garbage")
    fill = checkpoints.fill
    states = []

    def watched(path: Path, data: bytes) -> None:
        fill(path, data)
        states.append((run / BEFORE).read_bytes() == good)

    monkeypatch.setattr(checkpoints, "fill", watched)
    done = gradsheet("train", "--resume", "-o", str(run), "--epochs", "2", "--save-every", "0")
    assert done.code == 0, done.err
    assert "is used, which was written before" in done.err
    assert "goes on after epoch 1, step 0" in done.out
    assert states[0]
    found = unpacked((run / NAME).read_bytes(), "").arrays
    assert all(np.array_equal(found[n], wanted[n]) for n in wanted)


def test_what_replaces_a_damaged_file_leaves_the_one_before(run: Path):
    good = (run / BEFORE).read_bytes()
    held = unpacked(good, "")
    (run / NAME).write_bytes(b"garbage")
    checkpoints.save(run, held, over=True)
    assert (run / BEFORE).read_bytes() == good
    checkpoints.save(run, replace(held, notes={**held.notes, "more": 1}))
    assert (run / BEFORE).read_bytes() == packed(held)


def test_both_damaged_is_the_end(original: Path, run: Path):
    for name in (NAME, BEFORE):
        (run / name).write_bytes((run / name).read_bytes()[:-3])
    asked = ("predict", str(run), "--data", str(original / "data.npz"))
    for arguments in (asked, ("train", "--resume", "-o", str(run))):
        done = gradsheet(*arguments)
        assert done.code == 2
        assert "error[GS832]: this checkpoint is damaged" in done.err


# ---------------------------------------------------------------- other things


def test_arrays_without_a_sheet_are_no_model(tmp_path: Path):
    header = json.dumps({"w": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}).encode()
    path = tmp_path / "arrays.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    done = gradsheet("predict", str(path), "--data", "x.npz")
    assert done.code == 2
    assert "error[GS833]: this is no model of gradsheet: it holds arrays without a sheet" in done.err


def test_another_sheet_is_shown_by_its_lines(original: Path, run: Path):
    other = run.parent / "other.sheet"
    other.write_text(SHEET.replace("k (ŷ - y)²", "k (ŷ - y)⁴"), encoding="utf-8")
    done = gradsheet("train", str(other), "--resume", "-o", str(run))
    assert done.code == 2
    assert "error[GS833]: the checkpoint is of another sheet:" in done.err
    assert "    -L = k (ŷ - y)²\n    +L = k (ŷ - y)⁴\n" in done.err
    assert gradsheet("train", str(original / "line.sheet"), "--resume", "-o", str(run)).code == 0


OTHERS = {
    "rate": (["--rate", "0.5"], "rate 0.01 → 0.5"),
    "batch": (["--batch", "8"], "batch 4 → 8"),
    "seed": (["--seed", "3"], "seed 0 → 3"),
    "method": (["--method", "sgd"], "method momentum → sgd"),
    "dtype": (["--dtype", "float32"], "precision float64 → float32"),
    "schedule": (["--schedule", "cosine"], "schedule"),
    "order": (["--no-shuffle"], "shuffle True → False"),
    "constant": (["--set", "k=2"], "another value of k"),
}


@pytest.mark.parametrize(("options", "words"), OTHERS.values(), ids=OTHERS.keys())
def test_other_settings_are_refused_on_going_on(options: list[str], words: str, run: Path):
    before = (run / NAME).read_bytes()
    done = gradsheet("train", "--resume", "-o", str(run), "--epochs", "3", *options)
    assert done.code == 2
    assert "error[GS833]: the run began with " in done.err
    assert words in done.err
    assert (run / NAME).read_bytes() == before


@pytest.mark.parametrize("change", ["a value", "fewer rows", "another order"])
def test_other_data_are_refused_on_going_on(change: str, run: Path):
    x, y = X.copy(), DATA["y"].copy()
    if change == "a value":
        x[17, 1] += 1e-9
    elif change == "fewer rows":
        x, y = x[:-1], y[:-1]
    else:
        x[[3, 4]], y[[3, 4]] = x[[4, 3]], y[[4, 3]]
    np.savez(run.parent / "other.npz", x=x, y=y)
    done = gradsheet("train", "--resume", "-o", str(run), "--epochs", "3", "--data", str(run.parent / "other.npz"))
    assert done.code == 2
    assert "error[GS833]: the run began with other data" in done.err


# ---------------------------------------------------------------- files of strangers


def forged(header: Any, data: bytes = b"") -> bytes:
    """A file whose checksum is right, whatever its header says."""
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    whole = len(text).to_bytes(8, "little") + text + data
    right = hashlib.sha256(whole).hexdigest()
    return whole.replace(b'"checksum":"' + b"0" * 64, b'"checksum":"' + right.encode(), 1)


META = {"format": checkpoints.FORMAT, "checksum": "0" * 64}
ENTRY = {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}


def entry(**changes: Any) -> bytes:
    return forged({"__metadata__": META, "w": {**ENTRY, **changes}}, bytes(16))


HEADERS = {
    "no JSON": forged(b"{{{{{{{{"),
    "a list": forged([1, 2]),
    "a number": forged(b"12"),
    "no text": forged(b"\xff\xfe{}"),
    "deep": forged(b'{"a":' * 50_000),
    "no metadata but null": forged({"__metadata__": None}),
    "metadata that are a list": forged({"__metadata__": ["format"]}),
    "a checksum that is a number": forged({"__metadata__": {**META, "checksum": 7}}),
    "a checksum that is missing": forged({"__metadata__": {"format": checkpoints.FORMAT}}),
    "a checksum that is another": forged({"__metadata__": {**META, "checksum": "f" * 64}}),
    "notes that are no text": forged({"__metadata__": {**META, "sheet": 1}}),
    "notes that are no JSON": forged({"__metadata__": {**META, "sheet": "{"}}),
    "a header longer than the file": (1 << 40).to_bytes(8, "little") + b"{}",
    "a header beyond 64 bits": b"\xff" * 8 + b"{}",
    "an entry that is a number": forged({"__metadata__": META, "w": 3}),
    "an entry without a shape": forged({"__metadata__": META, "w": {"dtype": "F64"}}),
    "an unknown type": entry(dtype="F7"),
    "a type that is a list": entry(dtype=["F64"]),
    "a shape that is huge": entry(shape=[1 << 62, 1 << 62]),
    "a shape below 0": entry(shape=[-1, -2]),
    "a shape that is infinite": forged(b'{"__metadata__":' + json.dumps(META, separators=(",", ":")).encode()
                                       + b',"w":{"dtype":"F64","shape":[1e999],"data_offsets":[0,16]}}'),
    "a shape that is text": entry(shape="two"),
    "a place before the data": entry(data_offsets=[-8, 8]),
    "a place behind the data": entry(data_offsets=[8, 24]),
    "a place that ends before it begins": entry(data_offsets=[16, 0]),
    "three ends": entry(data_offsets=[0, 8, 16]),
    "too few bytes": entry(shape=[3]),
}  # fmt: skip


@pytest.mark.parametrize("data", HEADERS.values(), ids=HEADERS.keys())
def test_a_header_that_is_none_is_refused(data: bytes, tmp_path: Path):
    assert code_of(data) == "GS832"
    path = tmp_path / "strange.safetensors"
    path.write_bytes(data)
    done = gradsheet("predict", str(path), "--data", "x.npz")
    assert done.code == 2
    assert "error[GS832]" in done.err


def test_a_forged_file_would_be_taken():
    """What the others lack is their fault, not that of how they are made."""
    assert entry() != forged({"__metadata__": META, "w": ENTRY})
    assert code_of(entry()) is None
    assert code_of(forged({"__metadata__": META, "w": {**ENTRY, "shape": [0, 3], "data_offsets": [0, 0]}})) is None


def notes(**changes: Any) -> Callable[[Checkpoint], Checkpoint]:
    """A checkpoint with other notes; None leaves one out."""
    return lambda held: Checkpoint(
        held.arrays, {k: v for k, v in {**held.notes, **changes}.items() if v is not None}
    )  # fmt: skip


def arrays(**changes: Any) -> Callable[[Checkpoint], Checkpoint]:
    return lambda held: Checkpoint(
        {k: v for k, v in {**held.arrays, **changes}.items() if v is not None}, held.notes
    )  # fmt: skip


def standing(**changes: Any) -> Callable[[Checkpoint], Checkpoint]:
    return lambda held: Checkpoint(
        held.arrays, {**held.notes, "standing": {**held.notes["standing"], **changes}}
    )  # fmt: skip


STRANGERS: dict[str, tuple[Callable[[Checkpoint], Checkpoint], str]] = {
    "no sheet": (notes(sheet=None), "GS833"),
    "a sheet that is a number": (notes(sheet=3), "GS833"),
    "a sheet that cannot be read": (notes(sheet={"name": "", "text": "x ∈ (("}), "GS1"),
    "a sheet of something else": (notes(sheet={"name": "", "text": "x ∈ ℝ\ny = x\n"}), "GS833"),
    "a sheet that is empty": (notes(sheet={"name": "", "text": ""}), "GS"),
    "no recipe": (notes(recipe=None), "GS833"),
    "a recipe that is a list": (notes(recipe=[1]), "GS833"),
    "a recipe without a schedule": (notes(recipe={"epochs": 1}), "GS833"),
    "a recipe of nonsense": (lambda h: notes(recipe={**h.notes["recipe"], "batch": "all"})(h), "GS833"),
    "no sizes": (notes(sizes=None), "GS833"),
    "sizes that the sheet has not": (notes(sizes={"n": 3, "m": 2}), "GS833"),
    "a size that is none": (notes(sizes={"n": "three"}), "GS833"),
    "another size": (notes(sizes={"n": 4}), "GS833"),
    "a size too few": (notes(sizes={}), "GS"),
    "families that are a number": (notes(families=1), "GS833"),
    "data that the sheet has not": (notes(data=["x", "z"]), "GS833"),
    "data that are a parameter": (notes(data=["w"]), "GS833"),
    "no data": (notes(data=[]), "GS833"),
    "data that are a number": (notes(data=4), "GS833"),
    "classes that are a number": (notes(classes=4), "GS833"),
    "no standing": (notes(standing=None), "GS833"),
    "a history that is none": (standing(history=7), "GS833"),
    "a parameter too few": (arrays(w=None), "GS833"),
    "a parameter of another shape": (arrays(b=np.zeros(3)), "GS833"),
    "a constant too few": (arrays(**{"constant:k": None}), "GS833"),
    "a constant of another shape": (arrays(**{"constant:k": np.zeros(2)}), "GS833"),
}


@pytest.mark.parametrize(("change", "code"), STRANGERS.values(), ids=STRANGERS.keys())
def test_a_model_that_makes_no_sense_is_refused(
    change: Callable[[Checkpoint], Checkpoint], code: str, original: Path, run: Path
):
    path = run / NAME
    path.write_bytes(packed(change(unpacked(path.read_bytes(), ""))))
    done = gradsheet("predict", str(path), "--data", str(original / "data.npz"))
    assert done.code == 2
    assert f"error[{code}" in done.err
    done = gradsheet("train", "--resume", "-o", str(run), "--epochs", "3")  # some of it follows from the data
    assert done.code == 0 or (done.code == 2 and "error[GS" in done.err)


RUNS = {
    "a state too few": arrays(**{"state:w.momentum": None}),
    "a state of another shape": arrays(**{"state:w.momentum": np.zeros((3, 1))}),
    "an epoch that is text": standing(epoch="one"),
    "an epoch that is another": standing(epoch=1),
    "a step below 0": standing(step=-1),
    "a step beyond the epoch": standing(step=1000),
    "a loss that is text": standing(loss="low"),
    "a best that is none": standing(best=7),
    "something else": standing(mood="good"),
    "other sources": notes(sources=[1]),
    "rows that are a list": notes(rows=[1]),
}


@pytest.mark.parametrize("change", RUNS.values(), ids=RUNS.keys())
def test_a_run_that_makes_no_sense_is_refused(change: Callable[[Checkpoint], Checkpoint], run: Path):
    path = run / NAME
    path.write_bytes(packed(change(unpacked(path.read_bytes(), ""))))
    done = gradsheet("train", "--resume", "-o", str(run), "--epochs", "3")
    assert done.code == 2
    assert "error[GS8" in done.err
