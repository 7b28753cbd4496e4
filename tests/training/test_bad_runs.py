"""What cannot be trained or predicted is refused in words, with its code, and nothing is lost by it."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from cli.session import gradsheet
from gradsheet.training.checkpoints import NAME

SHEET = """
x ∈ ℝ^3, y ∈ onehot(4)
W ∈ ℝ^(4×3)
p = softmax(W x)
L = -sum[k] y[k] log p[k]
parameters W
minimize L
"""
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 3)), np.arange(40) % 4


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a sheet and its data."""
    monkeypatch.chdir(tmp_path)
    Path("s.sheet").write_text(SHEET, encoding="utf-8")
    np.savez("d.npz", x=X, y=Y)
    return tmp_path


def refused(*arguments: str, code: str, words: str, exit_code: int = 2) -> str:
    """What a command says that it refuses."""
    done = gradsheet(*arguments)
    assert done.code == exit_code, done.err + done.out
    assert f"error[{code}]" in done.err, done.err
    assert words in done.err, done.err
    return done.err


def write(name: str, content: str | bytes) -> None:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)


# ---------------------------------------------------------------- data

LINES = ["x1,x2,x3,y", *(f"{a},{b},{c},{k}" for (a, b, c), k in zip(X.tolist(), Y.tolist(), strict=True))]
DATA = {
    "no file": (lambda: None, "d.csv", "GS810", "No such file"),
    "no symbol": (lambda: np.savez("b.npz", x=X, z=Y), "b.npz", "GS812", "nothing is called y"),
    "a wrong shape": (lambda: np.savez("b.npz", x=X[:, :2], y=Y), "b.npz", "GS815", "a row is 2, and x ∈ ℝ^3"),
    "rows that differ": (lambda: np.savez("b.npz", x=X, y=Y[:-1]), "b.npz", "GS816", "x (b.npz) has 40 rows"),
    "a label out of range": (lambda: np.savez("b.npz", x=X, y=Y + 3), "b.npz", "GS819", "5"),
    "not a number": (
        lambda: np.savez("b.npz", x=np.where(X > 1.5, np.nan, X), y=Y), "b.npz", "GS818", "nan is no finite number",
    ),
    "an empty file": (lambda: write("b.npz", b""), "b.npz", "GS817", "the file is empty"),
    "no rows": (lambda: np.savez("b.npz", x=X[:0], y=Y[:0]), "b.npz", "GS817", "no rows"),
    "names alone": (lambda: write("b.csv", LINES[0]), "b.csv", "GS817", "no rows below"),
    "objects": (lambda: np.savez("b.npz", x=X, y=np.array([{}] * 40)), "b.npz", "GS810", "pickle"),
    "a pickle": (lambda: write("b.pkl", pickle.dumps({"x": X})), "b.pkl", "GS810", "pickle"),
    "a text for a number": (
        lambda: write("b.csv", "\n".join([*LINES[:7], "1,two,3,1", *LINES[8:]])), "b.csv", "GS813",
        "line 8 (row 7), column 'x2': 'two' is no number",
    ),
    "a missing cell": (
        lambda: write("b.csv", "\n".join([*LINES[:3], "1,,3,1"])), "b.csv", "GS814", "line 4 (row 3), column 'x2'",
    ),
    "half a file": (lambda: write("b.npz", Path("d.npz").read_bytes()[:300]), "b.npz", "GS810", "b.npz"),
    "a folder": (lambda: Path("b.npz").mkdir(), "b.npz", "GS810", "b.npz"),
    "an unknown format": (lambda: write("b.dat", b"\x00\x01\x02"), "b.dat", "GS810", "the format of this file"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "name", "code", "words"), DATA.values(), ids=DATA.keys())
@pytest.mark.usefixtures("place")
def test_data_that_do_not_fit(make, name: str, code: str, words: str):
    make()
    refused("train", "s.sheet", "--data", name, "-o", "run", code=code, words=words)
    assert not Path("run").exists()


@pytest.mark.parametrize(("make", "name", "code", "words"), DATA.values(), ids=DATA.keys())
@pytest.mark.usefixtures("place")
def test_a_run_survives_being_begun_anew_with_such_data(make, name: str, code: str, words: str):
    """--force makes room for a new run, not for one that cannot begin."""
    if "run" not in _KEPT:
        assert gradsheet("train", "s.sheet", "--data", "d.npz", "-o", "run", "--epochs", "1", "--quiet").code == 0
        _KEPT["run"] = Path("run", NAME).read_bytes()
    else:
        Path("run").mkdir()
        write(f"run/{NAME}", _KEPT["run"])
    make()
    refused("train", "s.sheet", "--data", name, "-o", "run", "--force", code=code, words=words)
    assert Path("run", NAME).read_bytes() == _KEPT["run"]


_KEPT: dict[str, bytes] = {}

# ---------------------------------------------------------------- sheets

SHEETS = {
    "no objective": (SHEET.replace("minimize L", ""), "GS801", "the sheet states nothing to minimise"),
    "no parameters": (SHEET.replace("parameters W", ""), "GS", "parameters"),
    "an unspecified function": (
        SHEET.replace("p = softmax(W x)", "φ : ℝ → ℝ\nu = φ(W x)\np = softmax(u)"), "GS801", "'φ' is not specified",
    ),
    "a size that stays open": (
        SHEET.replace("W ∈ ℝ^(4×3)", "V ∈ ℝ^(4×m), W ∈ ℝ^(m×3)").replace("W x", "V W x").replace("s W", "s V, W"),
        "GS", "m",
    ),
    "an input without a value": (SHEET.replace("W x)", "W x + c)").replace("x ∈", "c ∈ ℝ^4, x ∈"), "GS812", "c"),
    "nothing that is read": ("x ∈ ((", "GS", "x ∈ (("),
    "no update of its own": (SHEET, "GS801", "no `update` of its own"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code", "words"), SHEETS.values(), ids=SHEETS.keys())
@pytest.mark.usefixtures("place")
def test_sheets_that_cannot_be_trained(text: str, code: str, words: str):
    write("b.sheet", text)
    options = ("--method", "sheet") if text is SHEET else ()
    done = gradsheet("train", "b.sheet", "--data", "d.npz", "-o", "run", *options)
    assert done.code == 2
    assert f"error[{code}" in done.err
    assert words in done.err
    assert not Path("run").exists()


# ---------------------------------------------------------------- options

OPTIONS = {
    "a method": (["--method", "sdg"], "GS601", "there is no method 'sdg'"),
    "a schedule": (["--schedule", "cosin"], "GS601", "there is no schedule 'cosin'"),
    "a batch": (["--batch", "ten"], "GS601", "--batch takes a number of rows or `all`"),
    "no batch": (["--batch", "0"], "GS601", "--batch takes"),
    "a momentum": (["--momentum", "much"], "GS601", "--momentum takes a number, not 'much'"),
    "a huge momentum": (["--momentum", "1e999999999"], "GS601", "--momentum takes a number"),
    "a momentum of 1": (["--momentum", "1"], "GS601", "between 0 and 1"),
    "a quotient by 0": (["--weight-decay", "1/0"], "GS601", "--weight-decay takes a number"),
    "a clip": (["--clip", "-1"], "GS601", "above 0"),
    "a rate": (["--rate", "nan"], "GS601", "a rate is finite"),
    "a rate below 0": (["--rate", "-1"], "GS601", "a rate is finite and not negative"),
    "epochs": (["--epochs", "-1"], "GS601", "not negative"),
    "a factor": (["--factor", "inf"], "GS601", "factor"),
    "every": (["--every", "0"], "GS601", "a schedule counts"),
    "a share": (["--validation", "1.5"], "GS601", "below 1"),
    "a share that is none": (["--validation", "nan"], "GS601", "below 1"),
    "all rows": (["--validation", "0.999"], "GS8", "40 rows"),
    "no rows": (["--validation", "0.001"], "GS8", "40 rows"),
    "a file that is none": (["--validation", "v.npz"], "GS810", "v.npz"),
    "a stratification of nothing": (["--stratify", "y"], "GS601", "--validation"),
    "a stratification by nothing": (["--stratify", "z", "--validation", "0.2"], "GS", "z"),
    "patience": (["--patience", "3"], "GS601", "patience watches rows for validation"),
    "no patience": (["--patience", "0", "--validation", "0.2"], "GS601", "patience is 1 epoch or more"),
    "a precision": (["--dtype", "float16"], "GS601", "there is no precision 'float16'"),
    "threads": (["--threads", "0"], "GS601", "1 to 1024 threads"),
    "many threads": (["--threads", "1000000"], "GS601", "1 to 1024 threads"),
    "a seed": (["--seed", "-1"], "GS601", "a seed"),
    "a reduction": (["--reduction", "max"], "GS601", "max"),
    "save-every": (["--save-every", "-1"], "GS601", "--save-every takes seconds"),
    "a mapping": (["--map", "q=a"], "GS820", "'q' is mapped"),
    "a beginning": (["--init", "V ~ he"], "GS822", "'V' is no parameter"),
    "a beginning that is none": (["--init", "W ~ hee"], "GS821", "hee"),
    "values of no file": (["--from", "w.npz"], "GS", "w.npz"),
    "values of another shape": (["--from", "d.npz"], "GS822", "x"),
    "a value of no symbol": (["--set", "q=3"], "GS201", "q"),
    "going on and beginning anew": (["--resume", "--force"], "GS601", "exclude each other"),
    "going on from values": (["--resume", "--from", "d.npz"], "GS601", "exclude each other"),
    "going on without a folder": (["--resume"], "GS831", "no such folder"),
}


@pytest.mark.parametrize(("options", "code", "words"), OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.usefixtures("place")
def test_options_that_cannot_be_meant(options: list[str], code: str, words: str):
    done = gradsheet("train", "s.sheet", "--data", "d.npz", "-o", "run", *options)
    assert done.code == 2
    assert f"error[{code}" in done.err
    assert words in done.err
    assert not Path("run").exists()


@pytest.mark.usefixtures("place")
def test_errors_as_data():
    done = gradsheet("train", "s.sheet", "--data", "d.npz", "-o", "run", "--json", "--rate", "-1")
    assert done.code == 2
    assert '"code": "GS601"' in done.out


# ---------------------------------------------------------------- folders


@pytest.mark.usefixtures("place")
def test_folders_that_are_none():
    write("file", b"mine")
    refused("train", "s.sheet", "--data", "d.npz", "-o", "file", code="GS831", words="this is a file")
    refused("train", "s.sheet", "--data", "d.npz", "-o", "file/run", code="GS831", words="cannot be used")
    Path("empty").mkdir()
    refused("train", "--resume", "-o", "empty", code="GS831", words="there is no model in this folder")
    assert Path("file").read_bytes() == b"mine"
    refused("train", "-o", "run", code="GS601", words="a sheet is missing")
    refused("train", "s.sheet", "-o", "run", code="GS812", words="there are no data to learn from")


@pytest.mark.skipif(not hasattr(os, "seteuid") or os.geteuid() != 0, reason="only root can be somebody else")
def test_a_folder_that_may_not_be_written_to(place: Path):
    Path("locked").mkdir(mode=0o555)
    place.chmod(0o755)
    for parent in place.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    os.seteuid(65534)
    try:
        refused("train", "s.sheet", "--data", "d.npz", "-o", "locked/run", code="GS831", words="Permission denied")
        refused("train", "s.sheet", "--data", "d.npz", "-o", "locked", code="GS831", words="Permission denied")
    finally:
        os.seteuid(0)
    assert list(Path("locked").iterdir()) == []


# ---------------------------------------------------------------- predictions


@pytest.fixture
def model(place: Path) -> Path:
    assert gradsheet("train", "s.sheet", "--data", "d.npz", "-o", "run", "--epochs", "1", "--quiet").code == 0
    return place / "run"


@pytest.mark.usefixtures("model")
def test_predictions_that_cannot_be_made():
    Path("empty").mkdir()
    np.savez("narrow.npz", x=X[:, :2])
    np.savez("other.npz", z=X)
    np.savez("without.npz", x=X)
    write("file.csv", b"mine")
    predict = ("predict", "run", "--data")
    refused("predict", "empty", "--data", "d.npz", code="GS831", words="there is no model in this folder")
    refused("predict", "none", "--data", "d.npz", code="GS001", words="the model cannot be read: No such file")
    refused("predict", "d.npz", "--data", "d.npz", code="GS832", words="no safetensors file")
    refused(*predict, "narrow.npz", code="GS815", words="a row is 2, and x ∈ ℝ^3")
    refused(*predict, "other.npz", code="GS812", words="nothing is called x")
    refused(*predict, "without.npz", "--score", code="GS812", words="nothing is called y")
    refused(*predict, "none.npz", code="GS810", words="none.npz")
    refused(*predict, "without.npz", "-o", "p.txt", code="GS601", words=".csv or .npz")
    refused(*predict, "without.npz", "-o", "file.csv", code="GS602", words="the file exists already")
    assert Path("file.csv").read_bytes() == b"mine"
    assert gradsheet(*predict, "without.npz", "-o", "file.csv", "--force").code == 0
    assert Path("file.csv").read_text(encoding="utf-8").startswith("y,p[0],p[1],p[2],p[3]\n")


@pytest.mark.usefixtures("place")
def test_a_sheet_without_a_prediction_still_scores():
    write("m.sheet", "x, m ∈ ℝ^3\nL = ‖x - m‖²\nparameters m\nminimize L\n")
    assert gradsheet("train", "m.sheet", "--data", "d.npz", "-o", "run", "--quiet").code == 0
    refused("predict", "run", "--data", "d.npz", code="GS834", words="nothing in the sheet is a prediction")
    done = gradsheet("predict", "run", "--data", "d.npz", "--score")
    assert done.code == 0
    assert done.out.startswith("loss  ")
