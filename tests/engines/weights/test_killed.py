"""A pull that is killed, again and again, at any byte of a transfer or a conversion."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from pathlib import Path

import pytest

from engines.weights import hub, local, lock, pull
from tests import official_layout as official
from tests.hub_double import Double

_processes = multiprocessing.get_context("fork")  # the child is the test's twin: nothing is imported again
KINDS = ("kandi_super_res_x2", "kandi_super_res_x4")


class Killer(pull.Nobody):
    """Kills its own process, without a chance to tidy up, once so many bytes have moved."""

    def __init__(self, after_bytes: int) -> None:
        self._left = after_bytes

    def moves(self, by_bytes: int) -> None:
        self._left -= by_bytes
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def pulled(url: str, root: Path, after_bytes: int) -> int:
    """The exit status of a process that pulls until it is killed or done."""
    child = _processes.Process(
        target=pull.pull, args=(hub.Hub(url, pause_s=0), root, KINDS, pull.PLAIN, Killer(after_bytes))
    )
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def weights(root: Path) -> dict[str, bytes]:
    """Every file that is not a draft; the lock too."""
    files = [path for path in root.rglob("*") if path.is_file() and path.suffix != ".busy"]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def published(double: Double) -> Double:
    files = {
        name: official.pickled({"unet": {f"layer.{i}": official.numbers(i, 50, 70) for i in range(3)}})
        for name in ("KandiSuperRes.ckpt", "KandiSuperRes_x2.ckpt")
    }
    double.publish(official.SUPER_RESOLUTION, files)
    return double


def test_killed_at_any_byte_a_pull_ends_with_the_same_files(published: Double, client: hub.Hub, tmp_path: Path) -> None:
    pull.pull(client, tmp_path / "whole", KINDS)
    whole = weights(tmp_path / "whole")
    chance = random.Random(13)
    kills = 0
    while pulled(published.url, tmp_path / "killed", chance.randrange(55_000)) == -signal.SIGKILL:
        kills += 1
        found = {finding.verdict for finding in local.verify(tmp_path / "killed")}
        assert found <= {local.Verdict.WELL, local.Verdict.UNKNOWN}
    assert kills > 3
    assert weights(tmp_path / "killed") == whole


def test_a_transfer_that_was_killed_asks_for_the_rest_only(published: Double, client: hub.Hub, tmp_path: Path) -> None:
    assert pulled(published.url, tmp_path, 20_000) == -signal.SIGKILL
    pull.pull(client, tmp_path, KINDS)
    ranges = [request.range for request in published.bodies("KandiSuperRes.ckpt")]
    assert ranges[0] is None
    assert ranges[1] is not None
    assert int(ranges[1].removeprefix("bytes=").removesuffix("-")) > 10_000


def test_the_lock_of_one_who_died_is_free(published: Double, client: hub.Hub, tmp_path: Path) -> None:
    assert pulled(published.url, tmp_path, 0) == -signal.SIGKILL
    assert pull.pull(client, tmp_path, KINDS)
    assert lock.read(tmp_path).files.keys() >= {"kandi_super_res_x2.safetensors", "kandi_super_res_x4.safetensors"}
