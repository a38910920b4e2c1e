"""Transfers from the hub: whole, resumed, broken, refused."""

from __future__ import annotations

import errno
import hashlib
import random
from pathlib import Path

import pytest

from engines import errors
from engines.weights import disk, hub
from tests.hub_double import Double, Fault, serving

REPOSITORY = "someone/model"
CONTENT = random.Random(5).randbytes(200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def published(double: Double, client: hub.Hub, content: bytes = CONTENT) -> tuple[hub.Listing, hub.Remote]:
    double.publish(REPOSITORY, {"unet/weights.bin": content})
    listing = client.listing(REPOSITORY)
    return listing, listing.files["unet/weights.bin"]


def partial(target: Path, remote: hub.Remote) -> Path:
    return target.with_name(f"{target.name}.{remote.identity}.partial")


def test_a_listing_names_commit_licence_sizes_and_checksums(double: Double, client: hub.Hub) -> None:
    commit = double.publish(REPOSITORY, {"big.bin": CONTENT, "config.json": b"{}"}, licence="mit")
    listing = client.listing(REPOSITORY)
    assert (listing.commit, listing.licence) == (commit, "mit")
    assert listing.files["big.bin"] == hub.Remote("big.bin", len(CONTENT), sha256=SHA256)
    assert listing.files["config.json"].sha256 is None
    assert listing.files["config.json"].git_blob is not None


def test_an_earlier_commit_is_listed_after_the_repository_moved_on(double: Double, client: hub.Hub) -> None:
    first = double.publish(REPOSITORY, {"a": b"first"})
    double.publish(REPOSITORY, {"a": b"second, longer"})
    assert client.listing(REPOSITORY, first).files["a"].bytes == 5


def test_a_hub_that_answers_with_another_commit_than_it_was_asked_for_is_refused(
    double: Double, client: hub.Hub
) -> None:
    commit = double.publish(REPOSITORY, {"a": b"first"})
    with pytest.raises(errors.DownloadFailed, match=rf"asked for commit main and answers with {commit[:12]}"):
        client.listing(REPOSITORY, "main")  # the double resolves this name, as a hub does


def test_a_file_comes_whole_and_every_byte_is_counted(double: Double, client: hub.Hub, tmp_path: Path) -> None:
    listing, remote = published(double, client)
    counted: list[int] = []
    assert client.fetch(listing, remote, tmp_path / "deep" / "w.bin", counted.append) == SHA256
    assert (tmp_path / "deep" / "w.bin").read_bytes() == CONTENT
    assert sum(counted) == len(CONTENT)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["w.bin"]


def test_an_interrupted_transfer_goes_on_where_it_stopped(double: Double, client: hub.Hub, tmp_path: Path) -> None:
    listing, remote = published(double, client)
    target = tmp_path / "w.bin"
    partial(target, remote).write_bytes(CONTENT[:150_000])
    assert client.fetch(listing, remote, target) == SHA256
    assert [request.range for request in double.bodies("weights.bin")] == ["bytes=150000-"]
    assert target.read_bytes() == CONTENT


def test_a_connection_that_ends_early_is_taken_up(double: Double, client: hub.Hub, tmp_path: Path) -> None:
    listing, remote = published(double, client)
    double.faults["unet/weights.bin"] = [Fault.CUT]
    counted: list[int] = []
    assert client.fetch(listing, remote, tmp_path / "w.bin", counted.append) == SHA256
    assert sum(counted) == len(CONTENT)
    assert [request.range is None for request in double.bodies("weights.bin")] == [True, False]


def test_a_server_that_cannot_resume_sends_everything_again(double: Double, client: hub.Hub, tmp_path: Path) -> None:
    listing, remote = published(double, client)
    double.resumes = False
    target = tmp_path / "w.bin"
    partial(target, remote).write_bytes(b"x" * 150_000)
    counted: list[int] = []
    assert client.fetch(listing, remote, target, counted.append) == SHA256
    assert target.read_bytes() == CONTENT
    assert sum(counted) == len(CONTENT)


@pytest.mark.parametrize("left", [b"x" * 150_000, b"x" * 300_000, CONTENT + b"x"])
def test_what_was_left_and_is_not_the_content_is_fetched_anew(
    double: Double, client: hub.Hub, tmp_path: Path, left: bytes
) -> None:
    listing, remote = published(double, client)
    target = tmp_path / "w.bin"
    partial(target, remote).write_bytes(left)
    counted: list[int] = []
    assert client.fetch(listing, remote, target, counted.append) == SHA256
    assert target.read_bytes() == CONTENT
    assert sum(counted) == len(CONTENT)


@pytest.mark.parametrize("content", [CONTENT, b'{"small": "and known by its git blob"}'])
def test_a_corrupt_transfer_is_noticed_and_repeated(
    double: Double, client: hub.Hub, tmp_path: Path, content: bytes
) -> None:
    listing, remote = published(double, client, content)
    double.faults["unet/weights.bin"] = [Fault.CORRUPT]
    client.fetch(listing, remote, tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == content


def test_a_transfer_that_stays_corrupt_fails_and_leaves_nothing(
    double: Double, client: hub.Hub, tmp_path: Path
) -> None:
    listing, remote = published(double, client)
    double.faults["unet/weights.bin"] = [Fault.CORRUPT, Fault.CORRUPT]
    with pytest.raises(errors.DownloadFailed, match="came twice"):
        client.fetch(listing, remote, tmp_path / "w.bin")
    assert list(tmp_path.iterdir()) == []


def test_two_versions_of_a_file_never_mix(double: Double, client: hub.Hub, tmp_path: Path) -> None:
    _, old = published(double, client, b"o" * 100_000)
    target = tmp_path / "w.bin"
    partial(target, old).write_bytes(b"o" * 50_000)
    listing, remote = published(double, client)
    client.fetch(listing, remote, target)
    assert target.read_bytes() == CONTENT
    assert [request.range for request in double.bodies("weights.bin")] == [None]


def test_a_token_is_not_sent_to_the_storage_host(
    double: Double, client: hub.Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    listing, remote = published(double, client)
    with serving(Double(repositories=double.repositories)) as storage:
        double.storage = storage.url
        assert client.fetch(listing, remote, tmp_path / "w.bin") == SHA256
    assert {request.token for request in double.requests} == {"Bearer hf_secret"}
    assert {request.token for request in storage.requests} == {None}


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.EXPIRED])
def test_a_hub_that_refuses_for_a_moment_is_asked_again(
    double: Double, client: hub.Hub, tmp_path: Path, fault: Fault
) -> None:
    listing, remote = published(double, client)
    double.faults["unet/weights.bin"] = [fault]
    assert client.fetch(listing, remote, tmp_path / "w.bin") == SHA256


def test_a_hub_that_is_not_there_is_told_with_what_to_do(double: Double, tmp_path: Path) -> None:
    nobody = hub.Hub("http://127.0.0.1:9", pause_s=0)  # discard: nobody listens
    with pytest.raises(errors.DownloadFailed, match="check the network") as caught:
        nobody.listing(REPOSITORY)
    assert "goes on where it stopped" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (401, "RepoNotFound", "hf auth login"),
        (403, "GatedRepo", "accept terms"),
        (403, "", "HF_TOKEN"),
        (404, "RepoNotFound", "does not know this repository"),
        (404, "RevisionNotFound", "delete that file"),
        (500, "", "try again later"),
    ],
)
def test_a_refusal_says_what_to_do(double: Double, client: hub.Hub, status: int, code: str, says: str) -> None:
    double.publish(REPOSITORY, {"a": b"a"})
    double.repositories[REPOSITORY].refused_with = (status, code)
    with pytest.raises(errors.DownloadFailed, match=says) as caught:
        client.listing(REPOSITORY)
    assert REPOSITORY in str(caught.value)


@pytest.mark.parametrize("path", ["../../.profile", "/etc/passwd", "prior/../../out"])
def test_a_repository_whose_files_lead_elsewhere_is_refused(double: Double, client: hub.Hub, path: str) -> None:
    double.publish(REPOSITORY, {path: b"x"})
    with pytest.raises(errors.DownloadFailed, match="leads out"):
        client.listing(REPOSITORY)


def test_a_file_that_is_gone_is_told(double: Double, client: hub.Hub, tmp_path: Path) -> None:
    listing, remote = published(double, client)
    double.repositories.clear()
    with pytest.raises(errors.DownloadFailed, match="does not have this file"):
        client.fetch(listing, remote, tmp_path / "w.bin")


def test_offline_mode_is_told(double: Double, client: hub.Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(errors.DownloadFailed, match="unset HF_HUB_OFFLINE"):
        client.listing(REPOSITORY)


def test_a_full_disk_has_an_error_of_its_own() -> None:
    assert isinstance(disk.failure(OSError(errno.ENOSPC, "full"), "x"), errors.NoRoom)
    assert isinstance(disk.failure(OSError(errno.EIO, "broken"), "x"), errors.DownloadFailed)


def test_room_is_asked_for_before_anything_comes(tmp_path: Path) -> None:
    disk.require_room(tmp_path / "not" / "there", 1, spare_bytes=0)
    with pytest.raises(errors.NoRoom, match=r"1000000\.0 GB are needed"):
        disk.require_room(tmp_path, 10**15)


def test_only_one_command_changes_a_directory_at_a_time(tmp_path: Path) -> None:
    with (
        disk.exclusive(tmp_path),
        pytest.raises(errors.DownloadFailed, match="another command"),
        disk.exclusive(tmp_path),
    ):
        pass
    with disk.exclusive(tmp_path):
        pass
