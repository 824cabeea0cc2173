"""Uploaded weights are checked and converted in another process, and hostile ones refused."""

from __future__ import annotations

import io

import h5py
import keras
import numpy as np
import pytest

from cluster_core.errors import AccessError, BackboneError
from cluster_core.model.backbones import obtaining, weights_upload
from cluster_core.model.backbones.converted import find_converted
from cluster_core.model.backbones.obtaining import find_obtaining, start_download, start_upload
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.backbones.untrusted_weights import check_hdf5
from cluster_core.model.backbones.weights import find_weights
from cluster_core.model.backbones.weights_upload import WeightsFile, add_weights
from tests.samples import OWNER, VISITOR

SMALL = get_backbone("mobilenet_0.25_128")
SIGNATURE = b"\x89HDF\r\n\x1a\n"


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> bytes:
    """Random weights of MobileNet 0.25/128."""
    path = tmp_path_factory.mktemp("weights") / "small.weights.h5"
    keras.utils.set_random_seed(3)
    keras.applications.MobileNet(
        input_shape=(128, 128, 3), alpha=0.25, include_top=False, weights=None
    ).save_weights(path)
    return path.read_bytes()


@pytest.fixture
def without_children(monkeypatch):
    """Let no other process start."""

    def fail(*_):
        raise AssertionError("a process was started")

    monkeypatch.setattr(weights_upload, "run_limited", fail)


def wait(found) -> None:
    for thread in obtaining.threading.enumerate():
        if thread.name.startswith("obtaining"):
            thread.join(120)
    assert found.is_over


def test_uploaded_weights_are_converted_and_kept(workspace, weights):
    found = start_upload(
        OWNER, SMALL, WeightsFile("mine.weights.h5", io.BytesIO(weights)), workspace
    )
    wait(found)
    assert found.problem == ""
    converted = find_converted(SMALL, workspace.backbones)
    assert converted is not None
    assert converted.runs_on_litert
    assert find_weights(SMALL, workspace.models).read_bytes() == weights
    assert not list(workspace.models.glob(".*part"))


def test_weights_of_another_network_are_refused_in_a_sentence(workspace, weights):
    other = get_backbone("mobilenet_0.25_160")
    changed = io.BytesIO(weights)
    with h5py.File(changed, "r+") as file:
        del file[next(iter(file))]
    with pytest.raises(BackboneError, match="This file does not contain the weights") as caught:
        add_weights(OWNER, other, WeightsFile("x.weights.h5", changed), workspace)
    assert str(workspace.root) not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert find_weights(other, workspace.models) is None
    assert find_converted(other, workspace.backbones) is None


def test_web_page_is_refused_at_once(workspace, without_children):
    page = io.BytesIO(b"<!doctype html><p>Blocked by the school's proxy</p>")
    with pytest.raises(BackboneError, match="This file does not contain the weights"):
        add_weights(OWNER, SMALL, WeightsFile("x.h5", page), workspace)
    assert list(workspace.models.iterdir()) == []


def test_file_of_any_content_is_refused_in_a_sentence(workspace):
    wanted = r"This file does not contain the weights .*\.$"
    with pytest.raises(BackboneError, match=wanted) as caught:
        add_weights(OWNER, SMALL, WeightsFile("x.h5", io.BytesIO(SIGNATURE + b"hello")), workspace)
    assert "choose that file" in str(caught.value)
    assert "synchronously" not in str(caught.value)


def test_large_file_is_refused_before_it_is_read(workspace, without_children):
    large = io.BytesIO(SIGNATURE + bytes(weights_upload.count_max_bytes(SMALL)))
    with pytest.raises(BackboneError, match="larger than the weights"):
        add_weights(OWNER, SMALL, WeightsFile("x.h5", large), workspace)
    assert list(workspace.models.iterdir()) == []


def test_public_demo_refuses_both_ways(workspace, without_children):
    with pytest.raises(AccessError, match="add pretrained networks"):
        add_weights(VISITOR, SMALL, WeightsFile("x.h5", io.BytesIO(b"")), workspace)
    with pytest.raises(AccessError, match="add pretrained networks"):
        start_download(VISITOR, SMALL, workspace)
    assert find_obtaining(SMALL, workspace) is None


def test_check_that_takes_too_long_is_ended(workspace, monkeypatch):
    monkeypatch.setattr(weights_upload, "make_command", lambda *_: ["bash", "-c", "exec sleep 60"])
    monkeypatch.setattr(weights_upload, "TIMEOUT_S", 0.1)
    with pytest.raises(BackboneError, match="took too much time or memory"):
        add_weights(OWNER, SMALL, WeightsFile("x.h5", io.BytesIO(SIGNATURE)), workspace)


def test_stop_ends_the_check_and_keeps_nothing(workspace, monkeypatch):
    monkeypatch.setattr(weights_upload, "make_command", lambda *_: ["bash", "-c", "exec sleep 60"])
    found = start_upload(OWNER, SMALL, WeightsFile("x.h5", io.BytesIO(SIGNATURE)), workspace)
    assert start_download(OWNER, SMALL, workspace) is found, "one attempt at a time"
    found.stop()
    wait(found)
    assert (found.problem, found.was_stopped) == ("", True)
    assert list(workspace.models.iterdir()) == []


def test_unexpected_error_is_a_sentence(workspace, monkeypatch, caplog):
    monkeypatch.setattr(obtaining, "download_weights", lambda *_: 1 / 0)
    found = start_download(OWNER, SMALL, workspace)
    wait(found)
    assert "unexpected error, which is in the log" in found.problem
    assert "ZeroDivisionError" in caplog.text


def link_outside(file, other):
    file["a"] = h5py.ExternalLink(other, "/secret")


def store_outside(file, other):
    file.create_dataset("a", (4,), "<f4", external=[(other, 0, 16)])


def map_outside(file, other):
    layout = h5py.VirtualLayout((4,), "<f4")
    layout[:] = h5py.VirtualSource(other, "secret", (4,))
    file.create_virtual_dataset("a", layout)


HOSTILE = {
    "a link to another file": (link_outside, "links to other places"),
    "numbers of another file": (store_outside, "takes data from other files"),
    "a view of another file": (map_outside, "takes data from other files"),
    "a link to itself": (
        lambda file, _: file.__setitem__("a", h5py.SoftLink("/a")),
        "links to other places",
    ),
    "texts": (lambda file, _: file.create_dataset("a", data=[b"x"]), "other things than numbers"),
    "a bomb": (
        lambda file, _: file.create_dataset("a", (10**9,), "<f4", chunks=True, compression="gzip"),
        "more numbers than this network has",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_hdf5_is_refused(tmp_path, kind):
    make, reason = HOSTILE[kind]
    other = tmp_path / "other"
    with h5py.File(other, "w") as file:
        file["secret"] = np.zeros(4, "<f4")
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        make(file, str(other))
    with pytest.raises(ValueError, match=reason):
        check_hdf5(tmp_path / "weights.h5", 1_000_000)


def test_group_that_contains_itself_is_walked_once(tmp_path):
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        inner = file.create_group("a")
        inner["again"] = inner
        inner["b"] = np.zeros(4, "<f4")
    check_hdf5(tmp_path / "weights.h5", 16)
