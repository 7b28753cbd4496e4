"""A run stopped from outside, in processes that are really stopped: killed, interrupted, without disk, twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pty
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import gradsheet as gs
from gradsheet.training import checkpoints
from gradsheet.training.model import checkpoint_of
from gradsheet.training.problem import Sources, pose
from gradsheet.training.recipe import Recipe
from gradsheet.training.trainer import Trainer
from training.processes import Job, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")

SHEET = """
x, w ∈ ℝ^60, y, c ∈ ℝ
ŷ = w' x + c
L = 1/2 (ŷ - y)²
parameters w, c
minimize L
"""
ROWS = 24_000
"""More than fit into one call: an epoch has several moments at which a run may be left."""
OPTIONS = ("--method", "momentum", "--rate", "0.002", "--validation", "0.1", "--patience", "5000")
RECIPE = Recipe(method="momentum", rate=0.002, validation=0.1, patience=5000, epochs=10_000)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 60))
    np.savez(folder / "data.npz", x=x, y=np.sin(x[:, 0]) + x[:, 1])
    (folder / "line.sheet").write_text(SHEET, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def workshop(place: Path) -> Iterator[Workshop]:
    with Workshop(place, place / "cache") as made:
        yield made


def first(place: Path, run: Path, *options: object) -> tuple[object, ...]:
    return ("train", place / "line.sheet", "--data", place / "data.npz", "-o", run, *OPTIONS, *options)


def again(run: Path, *options: object) -> tuple[object, ...]:
    return ("train", "--resume", "-o", run, *options)


def until(condition: Callable[[], Any], job: Job, seconds: float = 60.0) -> None:
    """Wait for something that a job does."""
    last = time.monotonic() + seconds
    while not condition():
        assert not job.over(), job.err
        assert time.monotonic() < last
        time.sleep(0.0005)


def written_at(run: Path) -> int:
    """When the checkpoint of a folder was written; 0 while there is none."""
    try:
        return (run / checkpoints.NAME).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def print_of(checkpoint: checkpoints.Checkpoint) -> str:
    """A fingerprint of everything that a run goes on with."""
    found = hashlib.sha256()
    for name in sorted(checkpoint.arrays):
        found.update(name.encode() + checkpoint.arrays[name].tobytes())
    standing = {**checkpoint.notes["standing"], "ended": ""}
    return found.hexdigest() + json.dumps(standing, sort_keys=True)


def stand(run: Path) -> tuple[tuple[int, int], str]:
    """Where the checkpoint of a folder stands, and its fingerprint."""
    checkpoint, _ = checkpoints.load(run)
    standing = checkpoint.notes["standing"]
    return (standing["epoch"], standing["step"]), print_of(checkpoint)


def undisturbed(place: Path, epochs: int) -> dict[tuple[int, int], str]:
    """The fingerprints of a run that nobody disturbs, at every moment."""
    trainer = Trainer(pose(gs.loads(SHEET)._sheet, Sources([str(place / "data.npz")]), RECIPE), RECIPE)
    trainer.begin()
    found = {}
    for _ in trainer.run():
        found[trainer.standing.epoch, trainer.standing.step] = print_of(checkpoint_of(trainer))
        if trainer.standing.epoch == epochs:
            return found
    raise AssertionError


# ---------------------------------------------------------------- kill -9


def test_twenty_kills_leave_no_trace(place: Path, workshop: Workshop):
    """Each at a moment of its own, half of them while a checkpoint is written; what is there afterwards is compared."""
    run, chance = place / "killed", random.Random(7)
    fresh = run / f".{checkpoints.NAME}.new"
    seen: list[tuple[tuple[int, int], str]] = []
    unfinished = 0
    for kill in range(20):
        before = seen[-1][0] if seen else (-1, -1)
        job = workshop.begin(*(again(run) if seen else first(place, run, "--epochs", 10_000)), "--save-every", 0)
        old = written_at(run)
        until(lambda o=old: written_at(run) > o, job)
        time.sleep(chance.uniform(0, 0.06))
        if kill % 2:
            until(fresh.exists, job)
        job.signal(signal.SIGKILL)
        assert job.wait() == -signal.SIGKILL
        unfinished += fresh.exists()
        seen.append(stand(run))
        assert seen[-1][0] > before
    assert unfinished
    assert sum(step > 0 for (_, step), _ in seen) > 5
    epochs = seen[-1][0][0] + 2
    assert workshop.done(*again(run), "--epochs", epochs).code == 0
    wanted = undisturbed(place, epochs)
    assert [where for where, found in [*seen, stand(run)] if wanted[where] != found] == []
    assert [p.name for p in run.iterdir() if p.name.endswith((".new", ".part"))] == []
    logged = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [e["epoch"] for e in logged if e["event"] == "epoch"] == list(range(1, epochs + 1))


# ---------------------------------------------------------------- signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_ends(number: int, code: int, place: Path, workshop: Workshop):
    run = place / f"signal{number}"
    job = workshop.begin(*first(place, run, "--epochs", 10_000))
    until(lambda: "    1  " in job.out, job)
    assert not (run / checkpoints.NAME).exists()  # it is written once in 30 seconds
    job.signal(number)
    assert job.wait() == code, job.err
    assert "interrupted in epoch" in job.out
    assert "--resume" in job.out
    assert job.err == ""
    where, found = stand(run)
    assert where > (0, 0)
    wanted = undisturbed(place, where[0] + 1)
    assert wanted[where] == found
    done = workshop.done(*again(run), "--epochs", where[0] + 1)
    assert done.code == 0
    assert f"goes on after epoch {where[0]}, step {where[1]}" in done.out
    assert stand(run) == ((where[0] + 1, 0), wanted[where[0] + 1, 0])


def test_a_second_interruption_ends_at_once(place: Path, workshop: Workshop):
    """While the first one waits for a file that nobody reads, the second one does not."""
    run = place / "twice"
    job = workshop.begin(*first(place, run, "--epochs", 10_000))
    until(lambda: "    1  " in job.out, job)
    os.mkfifo(run / "pipe")
    (run / "pipe").replace(run / "log.jsonl")
    job.signal(signal.SIGINT)
    time.sleep(0.3)
    assert not job.over()
    job.signal(signal.SIGINT)
    assert job.wait(10) == 130
    assert "Traceback" not in job.err


def test_whoever_ignores_interruptions_still_does(place: Path, workshop: Workshop):
    """As in the background of a script, where Ctrl-C is for others."""
    run = place / "ignoring"
    job = workshop.begin(*first(place, run, "--epochs", 20, "--save-every", 0), deaf=True)
    until(lambda: written_at(run), job)
    job.signal(signal.SIGINT)
    assert (job.wait(), job.err) == (0, "")
    assert stand(run)[0] == (20, 0)


# ---------------------------------------------------------------- two at once


def test_a_folder_is_one_run_s(place: Path, workshop: Workshop):
    run = place / "shared"
    one = workshop.begin(*first(place, run, "--epochs", 10_000, "--save-every", 0))
    until((run / checkpoints.NAME).exists, one)
    for other in (first(place, run), first(place, run, "--force"), again(run)):
        refused = workshop.done(*other)
        assert refused.code == 2
        assert "error[GS831]: another run is at work in this folder" in refused.err
    where = stand(run)[0]
    until(lambda: stand(run)[0] > where, one)
    one.signal(signal.SIGKILL)
    one.wait()
    where, found = stand(run)
    assert workshop.done(*again(run), "--epochs", where[0] + 1).code == 0
    wanted = undisturbed(place, where[0] + 1)
    assert (wanted[where], wanted[where[0] + 1, 0]) == (found, stand(run)[1])


# ---------------------------------------------------------------- a full disk


def test_a_disk_that_fills(place: Path, workshop: Workshop, tmp_path: Path):
    """A file system of 256 KB: the checkpoint before stays; with room again, the run goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(disk)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("no file system can be mounted")
    try:
        run = disk / "run"
        assert workshop.done(*first(place, run, "--epochs", 2)).code == 0
        before = stand(run)
        with contextlib.suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))
        full = workshop.done(*again(run), "--epochs", 3, "--save-every", 0)
        assert full.code == 2
        assert "error[GS602]: the checkpoint cannot be written: No space left on device" in full.err
        assert "Traceback" not in full.err
        assert stand(run) == before
        (disk / "ballast").unlink()
        assert workshop.done(*again(run), "--epochs", 3).code == 0
        wanted = undisturbed(place, 3)
        assert stand(run) == ((3, 0), wanted[3, 0])
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits on file sizes are Linux's here")
def test_a_file_that_may_not_grow(place: Path, workshop: Workshop):
    run = place / "limited"
    assert workshop.done(*first(place, run, "--epochs", 1)).code == 0
    before = stand(run)
    assert checkpoints.load(run)[1] == ()
    failed = workshop.done(*again(run), "--epochs", 2, limit=2048)
    assert failed.code == 2
    assert "error[GS602]: the checkpoint cannot be written: File too large" in failed.err
    assert stand(run) == before
    assert [p.name for p in run.iterdir() if p.name.startswith(".")] == [".lock"]


@pytest.mark.parametrize("name", ["log.jsonl", "curve.svg"])
def test_trouble_with_what_is_no_checkpoint_is_a_remark(name: str, place: Path, workshop: Workshop):
    run = place / f"without-{name}"
    run.mkdir()
    (run / name).mkdir()
    done = workshop.done(*first(place, run, "--epochs", 2))
    assert done.code == 0
    assert done.err.startswith(f"remark: {run / name} cannot be written: ")
    assert done.err.count("\n") == 1
    assert stand(run)[0] == (2, 0)


# ---------------------------------------------------------------- who listens


def test_a_reader_who_has_seen_enough_ends_nothing(place: Path, workshop: Workshop):
    run, pipe = place / "piped", place / "pipe"
    os.mkfifo(pipe)
    job = workshop.begin(*first(place, run, "--epochs", 10), out=pipe)
    with pipe.open("rb") as reader:
        assert reader.readline().startswith(b"objective")
    assert (job.wait(), job.err) == (0, "")
    assert stand(run)[0] == (10, 0)


def on_a_terminal(workshop: Workshop, *arguments: object) -> tuple[Job, str]:
    """A command whose standard error is a terminal, and what that shows."""
    ours, theirs = pty.openpty()
    job = workshop.begin(*arguments, err=Path(os.ttyname(theirs)))
    shown = b""
    while not job.over() or select.select([ours], [], [], 0)[0]:
        if select.select([ours], [], [], 0.05)[0]:
            shown += os.read(ours, 65536)
    os.close(ours)
    os.close(theirs)
    return job, shown.decode()


def test_progress_is_for_terminals(place: Path, workshop: Workshop):
    job, shown = on_a_terminal(workshop, *first(place, place / "seen", "--epochs", 20))
    assert job.code == 0
    for words in ("epoch ", "/20", "loss ", "rows/s", "left", "0:00:0"):
        assert words in shown
    assert "20 epochs are done" in job.out
    assert "rows/s" not in job.out


@pytest.mark.parametrize("option", ["--quiet", "--json"])
def test_no_progress_is_shown_to_programs(option: str, place: Path, workshop: Workshop):
    job, shown = on_a_terminal(workshop, *first(place, place / option, "--epochs", 3, option))
    assert (job.code, shown) == (0, "")
    if option == "--quiet":
        assert job.out == ""
        return
    told = json.loads(job.out)
    assert (told["schema_version"], told["end"], told["epochs"], told["rows"]) == (1, "epochs", 3, 21_600)
    assert [sorted(e) for e in told["history"]] == [["epoch", "loss", "rate", "validation"]] * 3
