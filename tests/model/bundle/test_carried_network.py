"""A model's .zip with its network answers anywhere, and a hostile network is refused."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import PurePosixPath

import numpy as np
import pytest

from cluster_core.errors import BackboneError, BundleError
from cluster_core.model.backbones import imported
from cluster_core.model.backbones.converted import find_converted, find_ready
from cluster_core.model.backbones.registry import TEST_BACKBONE
from cluster_core.model.bundle.archive import export_model, find_portable_network, import_model
from cluster_core.model.bundle.collection import list_models, set_default_model
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.bundle.untrusted_files import HEAD, MANIFEST, NOVELTY
from cluster_core.model.prediction import predictor
from cluster_core.model.prediction.predictor import predict
from cluster_core.workspace import Workspace
from tests.samples import OWNER, draw_blob

OTHER_HASH = "ab" * 32


@pytest.fixture
def elsewhere(tmp_path) -> Workspace:
    """An empty workspace to import into."""
    return Workspace(tmp_path / "elsewhere")


@pytest.fixture
def model_id(trained) -> str:
    (folder,) = trained.bundles.iterdir()
    return folder.name


@pytest.fixture
def files(trained, model_id) -> dict[str, bytes]:
    """The files of an archive with a network that no computer has converted, by path."""
    with zipfile.ZipFile(io.BytesIO(export_model(trained, model_id, with_network=True))) as archive:
        found = {PurePosixPath(name).name: archive.read(name) for name in archive.namelist()}
    (network,) = (content for name, content in found.items() if name.endswith(".tflite"))
    manifest = json.loads(found[MANIFEST])
    manifest["backbone"]["weights_sha256"] = OTHER_HASH
    return {
        f"m/{MANIFEST}": json.dumps(manifest).encode(),
        f"m/{HEAD}": found[HEAD],
        f"m/{NOVELTY}": found[NOVELTY],
        **make_network_files(network),
    }


def make_network_files(network: bytes, stem: str = "random-abababababab", **claims):
    record = {
        "name": "random",
        "weights_sha256": OTHER_HASH,
        "litert_sha256": hashlib.sha256(network).hexdigest(),
        "version": 2,
    } | claims
    return {
        f"m/network/{stem}.json": json.dumps(record).encode(),
        f"m/network/{stem}.tflite": network,
    }


def pack(entries) -> io.BytesIO:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    content.seek(0)
    return content


def get_network(files) -> bytes:
    (network,) = (content for name, content in files.items() if name.endswith(".tflite"))
    return network


def list_networks(workspace) -> list[str]:
    return sorted(path.name for path in workspace.imported_backbones.glob("*"))


def answer(workspace) -> dict[str, float]:
    return dict(predict(choose_bundle(None, workspace), [draw_blob(3)], workspace)[0].scores)


def forbid_conversion(*_):
    raise AssertionError("no conversion is needed")


def test_model_with_its_network_answers_the_same_in_an_empty_workspace(
    trained, model_id, elsewhere, monkeypatch
):
    expected = answer(trained)
    archive = export_model(trained, model_id, with_network=True)
    monkeypatch.setattr(predictor, "_convert_in_subprocess", forbid_conversion)
    added = import_model(OWNER, elsewhere, io.BytesIO(archive))
    assert (added.is_default, added.lacks_network) == (True, False)
    assert answer(elsewhere) == expected
    again = export_model(elsewhere, model_id, with_network=True)
    assert import_model(OWNER, trained, io.BytesIO(again)).id == model_id


def test_network_that_is_here_already_is_not_imported(trained, model_id, monkeypatch):
    archive = export_model(trained, model_id, with_network=True)
    monkeypatch.setattr(imported, "run_limited", forbid_conversion)
    shutil.rmtree(trained.bundles)
    import_model(OWNER, trained, io.BytesIO(archive))
    assert list_networks(trained) == []


def test_imported_network_is_never_used_for_a_training(elsewhere, files):
    import_model(OWNER, elsewhere, pack(files))
    assert list_networks(elsewhere) == ["random-abababababab.json", "random-abababababab.tflite"]
    assert find_converted(TEST_BACKBONE, elsewhere.backbones) is None
    assert (
        find_ready(TEST_BACKBONE, elsewhere.models, elsewhere.backbones, any_weights=True) is None
    )


def test_networks_of_one_name_stay_beside_each_other(trained, elsewhere, model_id, files):
    import_model(OWNER, elsewhere, pack(files))
    import_model(OWNER, elsewhere, io.BytesIO(export_model(trained, model_id, with_network=True)))
    assert len(list_networks(elsewhere)) == 4
    assert not any(model.lacks_network for model in list_models(elsewhere))


@pytest.mark.parametrize("kept", ["", "/network/"])
def test_folder_of_a_model_may_be_called_network(elsewhere, files, kept):
    chosen = {
        name.replace("m/", "network/", 1): content
        for name, content in files.items()
        if kept or "/network/" not in name
    }
    assert import_model(OWNER, elsewhere, pack(chosen)).id == "network"


def test_starter_model_carries_no_network(workspace):
    assert find_portable_network(workspace, "starter") is None
    archive = zipfile.ZipFile(io.BytesIO(export_model(workspace, "starter", with_network=True)))
    assert len(archive.namelist()) == 3


def test_model_without_its_network_is_listed_and_waits_for_it(trained, model_id, files, caplog):
    bare = {name: content for name, content in files.items() if "/network/" not in name}
    added = import_model(OWNER, trained, pack(bare))
    assert (added.problem, added.lacks_network, added.is_usable) == (None, True, False)
    (first, *others) = list_models(trained)
    assert (first.id, first.is_default) == (model_id, True)
    assert added in others
    with pytest.raises(BundleError, match=r"cannot be used yet\. It needs the network"):
        set_default_model(OWNER, trained, added.id)
    (trained.default_model).write_text(json.dumps({"model": added.id}))
    assert list_models(trained)[0].id == model_id
    assert choose_bundle(None, trained).name == model_id
    assert "needs the network random" in caplog.text

    again = import_model(OWNER, trained, pack(files))
    assert (again.id, again.lacks_network) == (added.id, False)
    assert next(model for model in list_models(trained) if model.is_default).id == added.id
    answer(trained)


REJECTED = {
    "a wrong hash": (lambda files: make_network_files(b"TFL3"), "crashed|damaged|not a LiteRT"),
    "another hash than claimed": (
        lambda files: make_network_files(get_network(files), litert_sha256="0" * 64),
        "its network was altered",
    ),
    "a network of another name": (
        lambda files: make_network_files(get_network(files), name="sky"),
        "not the one that the model was trained with",
    ),
    "a network with other weights": (
        lambda files: make_network_files(get_network(files), weights_sha256="0" * 64),
        "not the one that the model was trained with",
    ),
    "a network of another version": (
        lambda files: make_network_files(get_network(files), version=1),
        "another version",
    ),
    "no JSON": (
        lambda files: (
            make_network_files(get_network(files))
            | {"m/network/random-abababababab.json": b"[" * 9_000}
        ),
        "record of its network cannot be read",
    ),
    "two networks": (
        lambda files: make_network_files(get_network(files), stem="second"),
        "too many files|one network at most",
    ),
    "half a network": (
        lambda files: {"m/network/random-abababababab.json": None},
        "one network at most",
    ),
    "a program instead": (
        lambda files: {
            "m/network/random-abababababab.tflite": None,
            "m/network/random-abababababab.pb": b"x",
        },
        "one network at most",
    ),
    "a network in another folder": (
        lambda files: {
            "m/network/random-abababababab.tflite": None,
            "m/network/random-abababababab.json": None,
            "n/network/a.tflite": get_network(files),
            "n/network/a.json": b"{}",
        },
        "in the folder of the model",
    ),
    "a path that leads out": (
        lambda files: {"m/network/../../../network/x.tflite": b"x"},
        "points outside",
    ),
    "a bomb": (
        lambda files: make_network_files(bytes(50_000_000)),
        "like a zip bomb",
    ),
    "a network far too large": (
        lambda files: make_network_files(np.random.default_rng(0).bytes(3_000_000)),
        "too large",
    ),
    "half a file": (
        lambda files: make_network_files(get_network(files)[:9_000]),
        "damaged|buffer|none",
    ),
}


@pytest.mark.parametrize("kind", REJECTED)
def test_hostile_network_is_refused_and_leaves_nothing(elsewhere, files, kind):
    edit, reason = REJECTED[kind]
    entries = {name: data for name, data in (files | edit(files)).items() if data is not None}
    with pytest.raises((BundleError, BackboneError), match=reason) as caught:
        import_model(OWNER, elsewhere, pack(entries))
    assert len(str(caught.value).splitlines()) == 1
    assert str(elsewhere.root) not in str(caught.value)
    assert list_networks(elsewhere) == []
    assert [model.id for model in list_models(elsewhere)] == ["starter"]


def test_hash_that_is_a_path_is_refused(elsewhere, files):
    manifest = json.loads(files[f"m/{MANIFEST}"])
    manifest["backbone"]["weights_sha256"] = "../../../evil"
    edited = make_network_files(get_network(files), weights_sha256="../../../evil")
    with pytest.raises(BackboneError, match="no valid hash"):
        import_model(
            OWNER,
            elsewhere,
            pack(files | {f"m/{MANIFEST}": json.dumps(manifest).encode()} | edited),
        )
    assert list(elsewhere.bundles.iterdir()) == []


def test_crash_of_the_trial_is_a_sentence(elsewhere, files, monkeypatch):
    command = ["bash", "-c", "kill -SEGV $$"]
    monkeypatch.setattr(imported, "make_command", lambda *_: command)
    with pytest.raises(BackboneError, match="a trial with it crashed"):
        import_model(OWNER, elsewhere, pack(files))
    assert list_networks(elsewhere) == []
