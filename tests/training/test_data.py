"""Data: every format gives the same arrays; whatever is wrong is named by file, row and column."""

from __future__ import annotations

import os
import zipfile
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gradsheet.diagnostics import SheetError, Source
from gradsheet.evaluation.sizes import Sizes
from gradsheet.expressions import ValueSet
from gradsheet.sheet import load_sheet
from gradsheet.training.data import Budget, Need, converting, needs_of, read, read_mapping, split, text

if TYPE_CHECKING:
    from pathlib import Path

ONEHOT, INDEX = ValueSet("onehot"), ValueSet("index")
BITS = ValueSet("finite", (Fraction(0), Fraction(1)))
X, Y, CLASS = Need("x", (3,)), Need("y"), Need("c", (3,), ONEHOT)
VALUES = np.array([[1.0, 2.5, -3.0], [4.0, 5.0, 6.0], [0.1, 1e-3, 7.0], [8.0, 9.0, 10.0]])
TARGETS = np.array([1.0, -1.0, 0.5, 2.0])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADSHEET_CACHE", str(tmp_path / "cache"))


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of_text(end: str = "\n", delimiter: str = ",", names: str = "x1 x2 x3 y") -> str:
    lines = [delimiter.join(names.split())]
    lines += [delimiter.join(map(repr, map(float, [*x, y]))) for x, y in zip(VALUES, TARGETS, strict=True)]
    return end.join(lines) + end


def as_npz(path):
    np.savez(path / "d.npz", x=VALUES, y=TARGETS)
    return path / "d.npz"


def as_compressed_npz(path):
    np.savez_compressed(path / "d.npz", x=VALUES, y=TARGETS)
    return path / "d.npz"


def as_fortran_npz(path):
    np.savez(path / "d.npz", x=np.asfortranarray(VALUES), y=TARGETS)
    return path / "d.npz"


def as_npy(path):
    np.save(path / "x.npy", VALUES)
    np.save(path / "y.npy", TARGETS)
    return [path / "x.npy", path / "y.npy"]


def as_csv(path):
    return write(path / "d.csv", rows_of_text())


def as_csv_from_a_spreadsheet(path):
    return write(path / "d.csv", "\ufeff" + rows_of_text("\r\n\r\n", ";", '"x[1]" x[2] x[3] "y"'))


def as_quoted_csv(path):
    body = rows_of_text(names="x_0 x_1 x_2 y").replace("4.0,", '"4.0",')
    return write(path / "d.csv", body)


def as_parquet(path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"x": list(VALUES), "y": TARGETS}), path / "d.parquet")
    return path / "d.parquet"


def as_numbered_parquet(path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {f"x{k + 1}": VALUES[:, k] for k in range(3)}
    parquet.write_table(arrow.table({**columns, "y": TARGETS}), path / "d.parquet")
    return path / "d.parquet"


def as_safetensors(path):
    pytest.importorskip("safetensors.numpy").save_file({"x": VALUES, "y": TARGETS}, path / "d.safetensors")
    return path / "d.safetensors"


def as_dictionary(_):
    return {"x": VALUES.tolist(), "y": TARGETS}


class Frame(dict):
    @property
    def columns(self):
        return list(self)


def as_frame(_):
    return Frame({**{f"x{k + 1}": VALUES[:, k] for k in range(3)}, "y": TARGETS.astype(object)})


FORMS = (
    as_npz, as_compressed_npz, as_fortran_npz, as_npy, as_csv, as_csv_from_a_spreadsheet, as_quoted_csv, as_parquet,
    as_numbered_parquet, as_safetensors, as_dictionary, as_frame,
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_format_gives_the_same_arrays(form, tmp_path):
    data = read(form(tmp_path), (X, Y))
    assert data.rows == 4
    np.testing.assert_array_equal(data.arrays["x"], VALUES)
    np.testing.assert_array_equal(data.arrays["y"], TARGETS)
    assert set(data.sources) == {"x", "y"}


@pytest.mark.parametrize("form", [as_npz, as_npy, as_safetensors])
def test_arrays_of_a_file_are_mapped(form, tmp_path):
    assert isinstance(read(form(tmp_path), (X, Y)).arrays["x"], np.memmap)


# ------------------------------------------------------------ larger than memory


@pytest.mark.parametrize("form", [as_compressed_npz, as_csv, as_parquet])
def test_what_exceeds_its_memory_is_converted_once_and_mapped(form, tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK", 40)
    source = form(tmp_path)
    first = read(source, (X, Y), budget=Budget(memory=8))
    assert isinstance(first.arrays["x"], np.memmap)
    np.testing.assert_array_equal(first.arrays["x"], VALUES)
    np.testing.assert_array_equal(first.arrays["y"], TARGETS)
    monkeypatch.setattr(converting._Collector, "collect", None)  # nothing is converted again
    np.testing.assert_array_equal(read(source, (X, Y), budget=Budget(memory=8)).arrays["x"], VALUES)


def test_a_file_that_changed_is_converted_again(tmp_path):
    source = as_csv(tmp_path)
    read(source, (X, Y), budget=Budget(memory=8))
    write(source, rows_of_text().replace("8.0", "8.5"))  # as long as it was
    os.utime(source, (1e9, 1e9))
    assert read(source, (X, Y), budget=Budget(memory=8)).arrays["x"][3, 0] == 8.5


def test_longer_words_may_come_later(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK", 10)
    words = ["ash", "elm", "hornbeam", "elm"]
    source = write(tmp_path / "d.csv", "c,y\n" + "".join(f"{w},{k}\n" for k, w in enumerate(words)))
    data = read(source, (CLASS, Y), budget=Budget(memory=8))
    assert data.classes["c"] == ("ash", "elm", "hornbeam")
    assert np.argmax(data.arrays["c"], axis=1).tolist() == [0, 1, 2, 1]


def test_only_the_newest_conversions_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(converting, "KEPT", 2)
    for k in range(4):
        read(write(tmp_path / f"{k}.csv", rows_of_text()), (X, Y), budget=Budget(memory=8))
    assert len(list(converting.folder().iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADSHEET_CACHE", str(write(tmp_path / "file", "no folder")))
    with pytest.raises(SheetError, match=r"GS810.*cannot be written[^$]*GRADSHEET_CACHE"):
        read(as_csv(tmp_path), (X, Y), budget=Budget(memory=8))


# ------------------------------------------------------------ names


def test_a_mapping_chooses_columns(tmp_path):
    source = write(tmp_path / "d.csv", rows_of_text(names="a b c label"))
    data = read(source, (X, Y), read_mapping(["x=a:c", "y = label"]))
    np.testing.assert_array_equal(data.arrays["x"], VALUES)
    again = read(source, (Need("x", (2,)), Y), {"x": "c,a", "y": "label"})
    np.testing.assert_array_equal(again.arrays["x"], VALUES[:, [2, 0]])
    assert again.remarks == (f"{source}: b is not used",)


def test_columns_of_another_symbol_are_not_entries():
    data = read({"x0": [1.0], "x1": [2.0], "x2": [3.0]}, (Need("x0"), Need("x", (2,))))
    assert data.arrays["x"].tolist() == [[2.0, 3.0]]


def test_a_matrix_may_be_columns_with_two_indices():
    columns = {f"x[{i},{j}]": [10.0 * i + j] for i in (1, 2) for j in (1, 2, 3)}
    assert read(columns, (Need("x", (2, 3)),)).arrays["x"].tolist() == [[[11, 12, 13], [21, 22, 23]]]


def test_greek_letters_may_be_spelled():
    assert read({"alpha": [1.0, 2.0]}, (Need("α"),)).arrays["α"].tolist() == [1.0, 2.0]


def test_what_a_sheet_needs_is_read_from_it():
    sheet = load_sheet(
        Source(
            "x ∈ ℝ^(2×3), y ∈ onehot(4), k ∈ 1..5, s ∈ {0,1}, u ∈ ℝ^n\n"
            "L = sum[i] y[i]^2 + s k + sum[i,j] x[i,j] + sum[i] u[i]\n"
        )
    )
    names = ("x", "y", "k", "s", "u")
    needs = needs_of([sheet.symbols[n] for n in names], Sizes())
    assert [str(n) for n in needs] == ["x ∈ ℝ^(2×3)", "y ∈ onehot(4)", "k ∈ 1..5", "s ∈ {0, 1}", "u ∈ ℝ^?"]
    assert needs[2].bounds == (1, 5)


# ------------------------------------------------------------ shapes, sets, labels


def test_flat_images_and_axes_of_length_one_are_accepted_and_said():
    images = np.arange(24.0).reshape(2, 3, 4)
    data = read({"x": images}, (Need("x", (12,)),))
    assert data.arrays["x"].shape == (2, 12)
    assert "3×4, are taken as 12" in data.remarks[0]
    assert read({"x": images.reshape(2, 12)}, (Need("x", (1, 3, 4)),)).arrays["x"].tolist() == images[:, None].tolist()
    column = read({"y": [[1.0], [2.0]]}, (Y,))
    assert column.arrays["y"].tolist() == [1.0, 2.0]
    assert "length 1" in column.remarks[0]
    assert read({"x": [1.0, 2.0]}, (Need("x", (1,)),)).arrays["x"].tolist() == [[1.0], [2.0]]


def test_an_unknown_length_is_taken_from_the_data():
    assert read({"x": VALUES}, (Need("x", (None,)),)).arrays["x"].shape == (4, 3)
    assert read({"c": [0, 4, 2]}, (Need("c", (None,), ONEHOT),)).arrays["c"].shape == (3, 5)


LABELS = [
    ([0, 2, 1], [0, 2, 1], (0, 1, 2)),
    ([1, 3, 2], [0, 2, 1], (1, 2, 3)),
    ([1.0, 2.0], [0, 1], (1, 2, 3)),
    ([[2], [0]], [2, 0], (0, 1, 2)),
    (["b", "a", "c"], [1, 0, 2], ("a", "b", "c")),
    (["0", "2"], [0, 2], (0, 1, 2)),
]


@pytest.mark.parametrize(("labels", "places", "classes"), LABELS)
def test_labels_become_one_hot_rows(labels, places, classes):
    data = read({"c": labels}, (CLASS,))
    assert np.argmax(data.arrays["c"], axis=1).tolist() == places
    assert data.arrays["c"].sum() == len(labels)
    assert data.classes["c"] == classes


def test_labels_of_new_data_mean_what_they_meant():
    new = read({"c": ["c", "c"]}, (CLASS,), classes={"c": ("a", "b", "c")})
    assert np.argmax(new.arrays["c"], axis=1).tolist() == [2, 2]
    assert np.argmax(read({"c": [1, 2]}, (CLASS,), classes={"c": (0, 1, 2)}).arrays["c"], axis=1).tolist() == [1, 2]


def test_one_hot_rows_and_bits_are_taken_as_they_are():
    rows = np.eye(3)[[0, 2]]
    assert read({"c": rows}, (CLASS,)).arrays["c"].tolist() == rows.tolist()
    columns = {f"c{k}": rows[:, k - 1] for k in (1, 2, 3)}
    assert read(columns, (CLASS,)).arrays["c"].tolist() == rows.tolist()
    assert read({"s": [True, False]}, (Need("s", (), BITS),)).arrays["s"].tolist() == [True, False]


def test_whole_numbers_stay_whole():
    found = read({"k": [1.0, 3.0]}, (Need("k", (), INDEX, (1, 3)),)).arrays["k"]
    assert found.dtype == np.int64
    assert found.tolist() == [1, 3]


# ------------------------------------------------------------ what is wrong


def damaged(tmp_path, name, old, new, **options):
    return lambda: read(write(tmp_path / name, rows_of_text().replace(old, new)), (X, Y), **options)


FAULTS = {
    "no such file": (lambda p: read(p / "none.csv", (X,)), r"GS810.*No such file"),
    "empty file": (lambda p: read(write(p / "d.csv", ""), (X,)), r"GS817.*empty"),
    "header alone": (lambda p: read(write(p / "d.csv", "x1,x2,x3\n\n"), (X,)), r"GS817.*no rows"),
    "no header": (lambda p: read(write(p / "d.csv", "1,2,3\n4,5,6\n"), (X,)), r"GS810.*holds numbers: 1, 2, 3"),
    "unknown format": (lambda p: read(write(p / "d.xls", "abcd"), (X,)), r"GS810.*not known[^$]*\.parquet"),
    "pickle": (lambda p: read(write(p / "d.pkl", b"\x80\x04\x95"), (X,)), r"GS810.*never unpickled"),
    "text for a number": (
        lambda p: read(write(p / "d.csv", rows_of_text().replace("5.0", "five")), (X, Y)),
        r"GS813.*line 3 \(row 2\), column 'x2': 'five' is no number",
    ),
    "text after empty lines and quotes": (
        lambda p: read(write(p / "d.csv", '\n\nx1,x2,x3,n\n1,2,3,"a\nb"\n\n1,2,?,c\n'), (X,)),
        r"GS813.*line 7 \(row 2\), column 'x3': '\?' is no number",
    ),
    "decimal comma": (
        lambda p: read(write(p / "d.csv", "x1;x2;x3\n1,5;2;3\n"), (X,)), r"GS813.*line 2[^$]*with a point: 1\.5",
    ),
    "missing cell": (
        lambda p: read(write(p / "d.csv", rows_of_text().replace("5.0", " ")), (X, Y)),
        r"GS814.*line 3 \(row 2\), column 'x2': the cell is empty",
    ),
    "missing label": (
        lambda p: read(write(p / "d.csv", "c,y\na,1\n,2\n"), (CLASS, Y)), r"GS814.*line 3.*column 'c'",
    ),
    "ragged row": (
        lambda p: read(write(p / "d.csv", rows_of_text().replace("5.0,", "")), (X, Y)),
        r"GS814.*line 3 \(row 2\) has 3 cells, the first line names 4 columns",
    ),
    "open quote": (lambda p: read(write(p / "d.csv", 'x1,x2,x3\n1,"2,3\n'), (X,)), r"GS814.*never closed"),
    "column twice": (lambda p: read(write(p / "d.csv", "x1,x1\n1,2\n"), (X,)), r"GS810.*'x1' stands twice"),
    "not UTF-8": (lambda p: read(write(p / "d.csv", b"x1,\xe4\n1,2\n"), (X,)), r"GS810.*UTF-8"),
    "NaN in a CSV": (
        lambda p: read(write(p / "d.csv", rows_of_text().replace("5.0", "nan")), (X, Y)),
        r"GS818.*line 3 \(row 2\), column 'x2': nan is no finite number; x ∈ ℝ\^3",
    ),
    "infinite": (lambda _: read({"x": np.add(VALUES, [0, 0, np.inf])}, (X,)), r"GS818.*row 1 of 'x', entry 3 of 3"),
    "missing in memory": (lambda _: read({"y": [1.0, None]}, (Y,)), r"GS814.*row 2 of 'y': the value is missing"),
    "word in memory": (lambda _: read({"y": [1.0, "b", 2]}, (Y,)), r"GS813.*row 2 of 'y': 'b' is no number"),
    "ragged in memory": (lambda _: read({"x": [[1.0], [1.0, 2.0]]}, (X,)), r"GS814.*different lengths"),
    "missing symbol": (
        lambda _: read({"xs": VALUES, "t": TARGETS}, (X,)), r"GS812.*nothing is called x.*x ∈ ℝ\^3[^$]*'xs'[^$]*xs, t",
    ),
    "gap in the numbers": (lambda _: read({"x1": [1.0], "x3": [1.0]}, (X,)), r"GS812.*x\[2\] is not"),
    "wrong shape": (lambda _: read({"x": VALUES[:, :2]}, (X,)), r"GS815.*a row is 2, and x ∈ ℝ\^3"),
    "transposed image": (lambda _: read({"x": np.zeros((5, 4, 3))}, (Need("x", (3, 4)),)), r"GS815.*a row is 4×3"),
    "single number": (lambda _: read({"x": VALUES, "y": 3.0}, (X, Y)), r"GS812.*y"),
    "rows differ": (lambda _: read({"x": VALUES, "y": TARGETS[:3]}, (X, Y)), r"GS816.*x .* 4 rows, y .* 3 rows"),
    "no rows": (lambda _: read({"x": np.zeros((0, 3))}, (X,)), r"GS817.*no rows"),
    "outside a finite set": (lambda _: read({"s": [0, 1, 2]}, (Need("s", (), BITS),)), r"GS818.*row 3.*2 is outside"),
    "not one-hot": (lambda _: read({"c": np.ones((2, 3))}, (CLASS,)), r"GS818.*row 1.*a single 1, this is 1, 1, 1"),
    "off the simplex": (
        lambda _: read({"c": np.full((2, 3), 0.5)}, (Need("c", (3,), ValueSet("simplex")),)), r"GS818.*sums to 1",
    ),
    "outside an interval": (
        lambda _: read({"y": [1.0, -1.0]}, (Need("y", (), ValueSet(low=Fraction(0))),)), r"GS818.*row 2.*≥ 0",
    ),
    "index out of range": (
        lambda _: read({"k": [1, 0]}, (Need("k", (), INDEX, (1, 3)),)), r"GS818.*row 2.*0 is below 1[^$]*counts from 1",
    ),
    "no whole number": (lambda _: read({"k": [1.5]}, (Need("k", (), INDEX, (1, 3)),)), r"GS818.*1\.5 is no whole"),
    "label out of range": (lambda _: read({"c": [0, 1, 3]}, (CLASS,)), r"GS819.*row 3.*label 3 is out.*0\.\.2"),
    "label between": (lambda _: read({"c": [0.5, 1]}, (CLASS,)), r"GS819.*row 1.*0\.5 is no label"),
    "too many classes": (lambda _: read({"c": list("abcd")}, (CLASS,)), r"GS819.*4 classes.*a, b, c, d"),
    "unknown class": (
        lambda _: read({"c": ["ash", "el"]}, (CLASS,), classes={"c": ("ash", "elm", "oak")}),
        r"GS819.*row 2.*'el' is none[^$]*did you mean 'elm'",
    ),
    "words for numbers": (lambda _: read({"y": ["a", "b"]}, (Y,)), r"GS813.*'a' is no number"),
    "mapping without sign": (lambda _: read_mapping(["x"]), r"GS820.*SYMBOL=COLUMNS"),
    "mapping of a stranger": (lambda _: read({"x": VALUES}, (X,), {"xx": "x"}), r"GS820.*'xx' is mapped[^$]*'x'"),
    "mapping to nothing": (
        lambda _: read({"col1": TARGETS}, (Y,), {"y": "col2"}), r"GS820.*no column 'col2'[^$]*did you mean 'col1'",
    ),
    "mapping backwards": (lambda _: read({"a": [1], "b": [1]}, (X,), {"x": "b:a"}), r"GS820.*stands before"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_named(fault, tmp_path):
    call, message = FAULTS[fault]
    with pytest.raises(SheetError, match=message):
        call(tmp_path)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_pickled_objects_are_refused_unread(save, tmp_path):
    save(tmp_path / "d.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(SheetError, match=r"GS810.*'x' holds pickled objects"):
        read(tmp_path / "d.npz", (X,))


@pytest.mark.parametrize("form", [as_npz, as_compressed_npz, as_npy, as_parquet, as_safetensors])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_that_is_cut_off_is_said(form, share, tmp_path):
    sources = form(tmp_path)
    path = sources[0] if isinstance(sources, list) else sources
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(SheetError, match="GS810"):
        read(sources, (X, Y))


def test_a_flipped_byte_of_what_is_compressed_is_seen(tmp_path):
    path = as_compressed_npz(tmp_path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as opened:
        place = opened.getinfo("x.npy").header_offset
    content[place + 60] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(SheetError, match="GS810"):
        read(path, (X, Y))


def test_parquet_names_rows_and_columns(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "d.parquet"
    parquet.write_table(arrow.table({"x": [[1.0, 2.0, 3.0], [1.0]], "y": [1.0, None], "s": ["a", "b"]}), path)
    with pytest.raises(SheetError, match=r"GS814.*row 2, column 'x': a list of 1, where the first has 3"):
        read(path, (X,))
    with pytest.raises(SheetError, match=r"GS814.*row 2, column 'y': the value is missing"):
        read(path, (Y,))
    with pytest.raises(SheetError, match=r"GS813.*column 's': 'a' is no number"):
        read(path, (Need("s"),))
    assert read(path, (Need("s", (2,), ONEHOT),)).classes["s"] == ("a", "b")


def test_parquet_without_its_library_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(SheetError, match=r"GS811[^$]*pip install"):
        read(write(tmp_path / "d.parquet", b"PAR1"), (X,))


def test_half_precision_of_the_other_kind_is_read(tmp_path):
    header = b'{"y":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    body = len(header).to_bytes(8, "little") + header + np.array([0x3F80, 0xC000], dtype="<u2").tobytes()
    assert read(write(tmp_path / "d.safetensors", body), (Y,)).arrays["y"].tolist() == [1.0, -2.0]


# ------------------------------------------------------------ splitting, describing


def test_a_split_is_decided_by_its_seed():
    data = read({"c": np.repeat([0, 1, 2], [60, 30, 10])}, (CLASS,))
    training, validation = split(data, 0.2, seed=3, stratify="c")
    assert np.bincount(np.argmax(data.arrays["c"][validation], axis=1)).tolist() == [12, 6, 2]
    assert sorted([*training, *validation]) == list(range(100))
    assert split(data, 0.2, seed=3).validation.tolist() == split(data, 0.2, seed=3).validation.tolist()
    assert split(data, 0.2, seed=4).validation.tolist() != split(data, 0.2, seed=3).validation.tolist()
    assert len(split(data, 0.05).validation) == 5
    with pytest.raises(SheetError, match="GS812"):
        split(data, 0.5, stratify="z")
    with pytest.raises(SheetError, match="GS816"):
        split(data, 0.001)


def test_columns_are_described(monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.normal(3.0, 2.0, size=(1000, 2))
    monkeypatch.setattr("gradsheet.training.data.where._CHUNK", 999)
    found = read({"x": x, "y": x[:, 0]}, (Need("x", (2,)), Y)).describe()
    assert [s.name for s in found] == ["x[1]", "x[2]", "y"]
    np.testing.assert_allclose([s.mean for s in found[:2]], x.mean(axis=0))
    np.testing.assert_allclose([s.deviation for s in found[:2]], x.std(axis=0))
    assert (found[2].low, found[2].high) == (x[:, 0].min(), x[:, 0].max())
