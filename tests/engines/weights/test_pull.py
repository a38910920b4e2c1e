"""Pulling kinds from a hub of the official layout."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import safetensors.torch
import torch

from engines import checkpoints, errors
from engines.kandinsky3 import text
from engines.weights import convert, hub, local, lock, manifest, pull
from tests import official_layout as official
from tests.hub_double import Double


@pytest.fixture
def published(double: Double) -> Double:
    double.publish(official.KANDINSKY, official.kandinsky())
    return double


def content(root: Path) -> dict[str, bytes]:
    """Every file of a directory but the lock on it."""
    files = [path for path in root.rglob("*") if path.is_file() and path.name != ".weights.busy"]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_a_kind_comes_in_the_layout_that_the_engines_find(published: Double, client: hub.Hub, tmp_path: Path) -> None:
    came = pull.pull(client, tmp_path, ["text_to_image"])
    assert len(came) == 9
    layout = checkpoints.Layout.at(tmp_path)
    for number, stem in enumerate(("kandinsky3", "kandinsky3_flash")):
        path = layout.find(stem)
        assert path.suffix == ".safetensors"
        expected = official.network(10 * number)
        read = checkpoints.read(path).tensors
        assert set(read) == {"unet.in_layer.weight", "unet.out_layer.0.bias", "null_embedding"}
        assert torch.equal(read["null_embedding"], expected["null_embedding"])
    projection = checkpoints.read(layout.find("flan_ul2_encoder/projection_flash")).tensors
    assert torch.equal(projection["1.bias"], official.projection(110)["1.bias"])
    assert local.states(tmp_path)["kandinsky3"] is local.State.THERE
    assert local.states(tmp_path)["kandinsky3_inpainting"] is local.State.MISSING


def test_shards_become_an_encoder_that_transformers_loads(published: Double, client: hub.Hub, tmp_path: Path) -> None:
    pull.pull(client, tmp_path, ["img2img"], pull.Options(remove_originals=True))
    encoder = text.load_encoder(checkpoints.Layout.at(tmp_path).encoder, torch.device("cpu"), torch.float32)
    expected = official.text_encoder()
    loaded = encoder.model.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in expected.items())
    folder = tmp_path / "flan_ul2_encoder"
    assert sorted(path.name for path in folder.glob("*model*")) == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        convert.INDEX,
        "spiece.model",
    ]


def test_a_second_pull_fetches_nothing_and_keeps_the_commit(published: Double, client: hub.Hub, tmp_path: Path) -> None:
    pull.pull(client, tmp_path, ["img2img"])
    before, commit = content(tmp_path), lock.read(tmp_path).commits[official.KANDINSKY]
    published.publish(official.KANDINSKY, {**official.kandinsky(), "weights/movq.pt": b"another one"})
    published.requests.clear()
    assert pull.pull(client, tmp_path, ["img2img"]) == []
    assert content(tmp_path) == before
    pull.pull(client, tmp_path, ["inpaint"])
    assert all(commit in request.path for request in published.requests)


class Listening(pull.Nobody):
    """Remembers what was not pinned."""

    def __init__(self) -> None:
        self.heard: dict[str, str] = {}

    def unpinned(self, repository: str, commit: str) -> None:
        self.heard[repository] = commit


def pinning(commit: str) -> manifest.Manifest:
    return dataclasses.replace(manifest.load(), revisions={official.SUPER_RESOLUTION: commit})


def test_a_pinned_repository_is_taken_at_its_commit_and_nothing_is_said(
    double: Double, client: hub.Hub, tmp_path: Path
) -> None:
    pinned = double.publish(official.SUPER_RESOLUTION, official.super_resolution())
    double.publish(official.SUPER_RESOLUTION, {"README.md": b"moved"})
    listening = Listening()
    came = pull.pull(client, tmp_path, ["kandi_super_res_x4"], watch=listening, book=pinning(pinned))
    assert came == ["kandi_super_res_x4.safetensors"]
    assert lock.read(tmp_path).commits == {official.SUPER_RESOLUTION: pinned}
    assert listening.heard == {}


def test_what_is_not_pinned_is_said_once_with_the_commit_that_is_kept(
    double: Double, client: hub.Hub, tmp_path: Path
) -> None:
    commit = double.publish(official.SUPER_RESOLUTION, official.super_resolution())
    first, second = Listening(), Listening()
    pull.pull(client, tmp_path, ["kandi_super_res_x4"], watch=first)
    pull.pull(client, tmp_path, ["kandi_super_res_x2"], watch=second)
    assert (first.heard, second.heard) == ({official.SUPER_RESOLUTION: commit}, {})


def test_a_later_pin_does_not_mix_two_commits_in_one_folder(double: Double, client: hub.Hub, tmp_path: Path) -> None:
    first = double.publish(official.SUPER_RESOLUTION, official.super_resolution())
    pull.pull(client, tmp_path, ["kandi_super_res_x4"])
    later = double.publish(official.SUPER_RESOLUTION, {**official.super_resolution(), "README.md": b"new"})
    pull.pull(client, tmp_path, ["kandi_super_res_x2"], book=pinning(later))
    assert lock.read(tmp_path).commits == {official.SUPER_RESOLUTION: first}


def test_a_pinned_commit_that_is_gone_is_told_as_such(double: Double, client: hub.Hub, tmp_path: Path) -> None:
    double.publish(official.SUPER_RESOLUTION, official.super_resolution())
    with pytest.raises(errors.DownloadFailed, match="the commit that this version pins is gone"):
        pull.pull(client, tmp_path, ["kandi_super_res_x4"], book=pinning("0" * 40))


def test_the_lock_says_where_every_file_comes_from(published: Double, client: hub.Hub, tmp_path: Path) -> None:
    pull.pull(client, tmp_path, ["img2img"])
    locked = lock.read(tmp_path)
    origin = locked.files["movq.safetensors"].origin
    assert origin is not None
    assert (origin.repository, origin.path) == (official.KANDINSKY, "weights/movq.pt")
    assert origin.commit == published.repositories[official.KANDINSKY].head
    assert locked.licences[official.KANDINSKY] == "apache-2.0"


def test_originals_go_when_they_are_converted(published: Double, client: hub.Hub, tmp_path: Path) -> None:
    pull.pull(client, tmp_path, ["img2img"])
    kept = content(tmp_path)
    assert f"originals/{official.KANDINSKY}/weights/kandinsky3.pt" in kept
    local.convert_all(tmp_path, ["img2img"], pull.Options(remove_originals=True))
    left = content(tmp_path)
    assert not (tmp_path / "originals").exists()
    assert left == {path: held for path, held in kept.items() if not path.startswith("originals/")} | {
        lock.NAME: left[lock.NAME]
    }
    published.requests.clear()
    assert pull.pull(client, tmp_path, ["img2img"]) == []
    assert all(finding.verdict is local.Verdict.WELL for finding in local.verify(tmp_path))


def test_an_original_that_somebody_deleted_is_forgotten_and_not_fetched_again(
    published: Double, client: hub.Hub, tmp_path: Path
) -> None:
    pull.pull(client, tmp_path, ["img2img"])
    (tmp_path / "originals" / official.KANDINSKY / "weights" / "movq.pt").unlink()
    assert {finding.verdict for finding in local.verify(tmp_path)} == {local.Verdict.WELL, local.Verdict.MISSING}
    published.requests.clear()
    assert pull.pull(client, tmp_path, ["img2img"]) == []
    assert published.bodies("movq.pt") == []
    assert {finding.verdict for finding in local.verify(tmp_path)} == {local.Verdict.WELL}


@pytest.mark.parametrize("lost", ["flan_ul2_encoder/model-00002-of-00002.safetensors", "movq.safetensors"])
def test_what_was_lost_comes_again_without_a_transfer_where_the_original_is_there(
    published: Double, client: hub.Hub, tmp_path: Path, lost: str
) -> None:
    pull.pull(client, tmp_path, ["img2img"])
    before = content(tmp_path)
    (tmp_path / lost).unlink()
    published.requests.clear()
    assert pull.pull(client, tmp_path, ["img2img"]) == [lost]
    assert content(tmp_path) == before
    assert all(request.path.startswith("/api/") for request in published.requests)


def test_a_projection_that_was_lost_comes_again_with_its_network(
    double: Double, client: hub.Hub, tmp_path: Path
) -> None:
    inside = {"in_layer.weight": torch.ones(2, 3), "projection_lin.weight": torch.ones(4, 4)}
    double.publish(official.EDGES, {"unet/diffusion_pytorch_model.bin": official.pickled(inside)})
    pull.pull(client, tmp_path, ["kandinsky3_edges"], pull.Options(remove_originals=True))
    lost = tmp_path / "flan_ul2_encoder" / "projection_edges.safetensors"
    lost.unlink()
    assert pull.pull(client, tmp_path, ["kandinsky3_edges"]) == ["kandinsky3_edges.safetensors"]
    assert lost.is_file()
    assert pull.pull(client, tmp_path, ["kandinsky3_edges"]) == []


def test_a_failure_in_the_middle_is_taken_up_by_the_next_pull(
    published: Double, client: hub.Hub, tmp_path: Path
) -> None:
    class Failing(hub.Hub):
        def fetch(
            self, source: hub.Listing, remote: hub.Remote, target: Path, on_bytes: hub.OnBytes = lambda _: None
        ) -> str:
            if remote.path == "weights/kandinsky3.pt":
                raise errors.DownloadFailed("the network is gone")
            return super().fetch(source, remote, target, on_bytes)

    with pytest.raises(errors.DownloadFailed, match="the network is gone"):
        pull.pull(Failing(published.url, pause_s=0), tmp_path, ["img2img"])
    assert local.states(tmp_path)["movq"] is local.State.THERE
    assert local.states(tmp_path)["kandinsky3"] is local.State.MISSING
    published.requests.clear()
    pull.pull(client, tmp_path, ["img2img"])
    assert local.states(tmp_path)["kandinsky3"] is local.State.THERE
    assert published.bodies("movq.pt") == []


def test_files_that_somebody_put_there_are_left_alone(published: Double, client: hub.Hub, tmp_path: Path) -> None:
    files = official.kandinsky()
    (tmp_path / "flan_ul2_encoder").mkdir()
    for path, held in files.items():
        (tmp_path / path.removeprefix("weights/")).write_bytes(held)
    assert pull.pull(client, tmp_path, ["text_to_image"]) == []
    assert published.bodies("kandinsky3.pt") == []
    assert local.states(tmp_path)["text_encoder"] is local.State.THERE


def test_files_are_chosen_by_format_and_placed_by_the_manifest(double: Double, client: hub.Hub, tmp_path: Path) -> None:
    double.publish(official.PRIOR, official.prior(), licence=None)
    double.publish(official.DECODER, {"model_index.json": b"{}", "unet/config.json": b"{}"})
    came = pull.pull(client, tmp_path, ["kandinsky22_prior", "kandinsky22_decoder"])
    assert "kandinsky22_prior/prior/diffusion_pytorch_model.safetensors" in came
    assert "kandinsky22_decoder/unet/config.json" in came
    assert not any(path.endswith(".md") or "fp16" in path for path in came)
    assert double.bodies("diffusion_pytorch_model.bin") == []
    assert (tmp_path / "kandinsky22_prior/text_encoder/pytorch_model.bin").read_bytes() == b"t" * 2000


def test_a_repository_without_a_file_of_the_manifest_is_told(double: Double, client: hub.Hub, tmp_path: Path) -> None:
    double.publish(official.KANDINSKY, {"README.md": b"moved"})
    with pytest.raises(errors.DownloadFailed, match=r"has no weights/flan_ul2_encoder/pytorch_model"):
        pull.pull(client, tmp_path, ["img2img"])


def test_too_little_room_is_told_before_anything_comes(published: Double, client: hub.Hub, tmp_path: Path) -> None:
    jobs = pull.plan(client, tmp_path, ["text_to_image"], manifest.load(), lock.Lock()).jobs
    fetched = sum(job.remote.bytes for job in jobs)
    converted = sum(job.remote.bytes for job in jobs if job.form is not manifest.Form.COPY)
    assert pull.room_bytes(tmp_path, jobs, pull.PLAIN) == fetched + converted
    largest = max(job.remote.bytes for job in jobs)
    frugal = pull.room_bytes(tmp_path, jobs, pull.Options(remove_originals=True))
    assert fetched <= frugal <= fetched + largest
    assert pull.room_bytes(tmp_path, jobs, pull.Options(half=True)) < fetched + converted
    huge = [dataclasses.replace(jobs[0], remote=dataclasses.replace(jobs[0].remote, bytes=10**15))]
    assert pull.room_bytes(tmp_path, huge, pull.PLAIN) > 10**15


def test_half_precision_is_stored_when_asked_for(published: Double, client: hub.Hub, tmp_path: Path) -> None:
    pull.pull(client, tmp_path, ["img2img"], pull.Options(half=True))
    read = safetensors.torch.load_file(tmp_path / "movq.safetensors")
    assert read["quant_conv.weight"].dtype == torch.bfloat16
    projection = safetensors.torch.load_file(tmp_path / "flan_ul2_encoder" / "projection.safetensors")
    assert projection["0.weight"].dtype == torch.float32  # it is used in float32
