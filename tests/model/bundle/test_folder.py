from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import shutil
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from cluster_core.errors import BundleError, ClusterError
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.bundle import folder as bundle_folder
from cluster_core.model.bundle.bundle import BackboneReference, ModelBundle
from cluster_core.model.bundle.folder import find_newest_bundle, load_bundle, save_bundle
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.bundle.untrusted_files import BUNDLE_VERSION, HEAD, MANIFEST
from cluster_core.model.features.views import PLAIN_VIEWS, SKY_VIEWS
from cluster_core.model.head.head import Head
from cluster_core.model.prediction.predictor import predict
from cluster_core.storage import drafts
from cluster_core.workspace import Workspace
from tests.samples import draw_blob


def make_bundle(name: str = "model", weights_sha256: str = "0" * 64, **changes) -> ModelBundle:
    random = np.random.default_rng(0)
    head = Head(
        random.normal(size=(48, 3)).astype(np.float32),
        random.normal(size=3).astype(np.float32),
        temperature=1.25,
    )
    bundle = ModelBundle(
        name=name,
        created="2026-01-01T00:00:00+00:00",
        labels=("galaxy", "Kugelhäufen 🔭", 'open "cluster"'),
        backbone=BackboneReference("random", weights_sha256),
        preprocessing=Preprocessing(32),
        views="sky",
        head=head,
        metrics={"test": {"n": 3}},
        dataset={"counts": {"galaxy": 9}},
        settings={"seed": 0},
        unsure_below=0.7,
    )
    return replace(bundle, **changes)


def assert_equal(one: ModelBundle, other: ModelBundle) -> None:
    for field in fields(ModelBundle):
        if field.name != "head":
            assert getattr(one, field.name) == getattr(other, field.name)
    np.testing.assert_array_equal(one.head.weights, other.head.weights)
    np.testing.assert_array_equal(one.head.bias, other.head.bias)
    assert one.head.temperature == other.head.temperature


@pytest.fixture
def saved(tmp_path) -> Path:
    return save_bundle(make_bundle(), tmp_path / "bundles")


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def edit_manifest(folder: Path, change) -> None:
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest = change(manifest) or manifest
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")


def write_head(folder: Path, content: bytes) -> None:
    """Replace the head, and its hash in the manifest, as an attacker would."""
    (folder / HEAD).write_bytes(content)
    edit_manifest(folder, lambda m: m["files"].update({HEAD: hashlib.sha256(content).hexdigest()}))


def to_npy(array: ArrayLike) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("views", ["plain", "sky"])
def test_bundle_survives_a_round_trip(tmp_path, views):
    bundle = make_bundle(views=views)
    folder = save_bundle(bundle, tmp_path / "bundles")
    assert folder == tmp_path / "bundles" / "model"
    loaded = load_bundle(folder)
    assert_equal(loaded, bundle)
    assert loaded.view_list == {"plain": PLAIN_VIEWS, "sky": SKY_VIEWS}[views]


def test_moved_and_renamed_bundle_can_be_loaded(saved, tmp_path, monkeypatch):
    moved = tmp_path / "elsewhere"
    saved.rename(moved)
    assert_equal(load_bundle(moved), make_bundle(name="elsewhere"))
    monkeypatch.chdir(moved)
    assert load_bundle(Path()).name == "elsewhere"


def test_bundle_contains_only_arrays_and_json(saved):
    assert sorted(path.name for path in saved.iterdir()) == [HEAD, MANIFEST]
    assert np.load(saved / HEAD, allow_pickle=False).shape == (49, 3)
    text = (saved / MANIFEST).read_text("utf-8")
    assert "Kugelhäufen 🔭" in text  # readable without decoding
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_saving_again_replaces_the_bundle(saved):
    newer = make_bundle(labels=("a", "b", "c"))
    assert save_bundle(newer, saved.parent) == saved
    assert_equal(load_bundle(saved), newer)
    assert list_names(saved.parent) == ["model"]


@pytest.mark.parametrize("fails_at", [1, 2])
@pytest.mark.parametrize("is_new", [True, False])
def test_interrupted_save_leaves_no_partial_bundle(tmp_path, monkeypatch, fails_at, is_new):
    bundles = tmp_path / "bundles"
    if not is_new:
        save_bundle(make_bundle(), bundles)
    n_writes = 0
    write = Path.write_bytes

    def fail_halfway(path, content):
        nonlocal n_writes
        n_writes += 1
        if n_writes == fails_at:
            write(path, content[: len(content) // 2])
            raise OSError(28, "No space left on device")
        assert find_newest_bundle(bundles) == (None if is_new else bundles / "model")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", fail_halfway)
    monkeypatch.setattr(
        Path,
        "write_text",
        lambda path, text, encoding: fail_halfway(path, text.encode(encoding)),
    )
    with pytest.raises(OSError, match="No space"):
        save_bundle(make_bundle(labels=("x", "y", "z")), bundles)
    monkeypatch.undo()
    assert list_names(bundles) == ([] if is_new else ["model"])
    if not is_new:
        assert_equal(load_bundle(bundles / "model"), make_bundle())


class Exploding:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


HEADS = {
    "empty": b"",
    "one byte": b"\x93",
    "text": b"weights",
    "truncated": to_npy(np.zeros((49, 3), np.float32))[:-5],
    "no header": b"\x93NUMPY\x01\x00\xff\xff",
    "odd header": b"\x93NUMPY\x01\x00\x08\x00('''((((\n" + bytes(100),
    "endless": b"\x93NUMPY\x01\x00v\x00"
    + f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({10**15}, 3), }}".ljust(117).encode()
    + b"\n",
    "pickle": pickle.dumps(Exploding()),
    "object array": to_npy(np.array([[Exploding()]], object)),
    "wrong shape": to_npy(np.zeros((48, 3), np.float32)),
    "wrong labels": to_npy(np.zeros((49, 2), np.float32)),
    "one row": to_npy(np.zeros(49, np.float32)),
    "a number": to_npy(np.float32(1)),
    "doubles": to_npy(np.zeros((49, 3))),
    "structured": to_npy(np.zeros((49, 3), [("a", "<f4")])),
    "not a number": to_npy(np.full((49, 3), np.nan, np.float32)),
    "infinite": to_npy(np.full((49, 3), np.inf, np.float32)),
    "too large": to_npy(np.full((49, 3), 1e38, np.float32)),
    "broken ZIP": b"PK\x03\x04" + bytes(50),
}


@pytest.mark.parametrize("kind", HEADS)
def test_malformed_head_is_rejected(saved, kind):
    write_head(saved, HEADS[kind])
    with pytest.raises(BundleError, match="is damaged") as caught:
        load_bundle(saved)
    assert caught.value.path == saved
    assert len(str(caught.value).splitlines()) == 1


def test_zip_of_arrays_is_rejected_as_head(saved):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.npy", to_npy(np.zeros((49, 3), np.float32)))
    write_head(saved, file.getvalue())
    with pytest.raises(BundleError, match="not a table of numbers"):
        load_bundle(saved)


def test_any_altered_byte_of_the_head_is_detected(saved):
    whole = (saved / HEAD).read_bytes()
    for position in range(0, len(whole), 37):
        content = bytearray(whole)
        content[position] ^= 1
        (saved / HEAD).write_bytes(content)
        with pytest.raises(BundleError, match="was altered"):
            load_bundle(saved)


def test_huge_head_is_rejected_without_reading_it(saved, monkeypatch):
    monkeypatch.setattr(bundle_folder, "MAX_HEAD_BYTES", 100)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("it was read"))
    with pytest.raises(BundleError, match="larger than"):
        load_bundle(saved)


@pytest.mark.parametrize(("method", "name"), [("read_bytes", HEAD), ("read_text", MANIFEST)])
def test_unreadable_model_is_not_reported_as_damaged(saved, monkeypatch, method, name):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(BundleError, match=r"could not be opened \(Permission denied\)") as caught:
        load_bundle(saved)
    assert "train it again" not in str(caught.value)


@pytest.mark.parametrize("label", ["a\x1b[2Jb", "a\nb", "a\u2028b", "a\tb", "\ud800"])
def test_unprintable_labels_are_rejected(saved, label):
    edit_manifest(saved, lambda m: m.update(labels=["galaxy", label, "star"]))
    with pytest.raises(BundleError, match=r"its label .* has ") as caught:
        load_bundle(saved)
    assert str(caught.value).isprintable()


def test_model_deleted_during_listing_is_skipped(saved, monkeypatch):
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter([folder / "gone", saved]))
    assert find_newest_bundle(saved.parent) == saved


def test_unreadable_models_folder_is_reported(saved, monkeypatch):
    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(BundleError, match="Permission denied"):
        find_newest_bundle(saved.parent)


def test_file_instead_of_folder_is_rejected(saved):
    with pytest.raises(BundleError, match="is a file, but a model is a folder"):
        load_bundle(saved / HEAD)


@pytest.mark.parametrize("name", [HEAD, MANIFEST])
def test_missing_file_is_reported(saved, name):
    (saved / name).unlink()
    with pytest.raises(BundleError):
        load_bundle(saved)
    (saved / name).mkdir()
    with pytest.raises(BundleError):
        load_bundle(saved)


def test_missing_folder_is_reported(tmp_path):
    with pytest.raises(BundleError, match="There is no model in"):
        load_bundle(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(BundleError):
        load_bundle(tmp_path / "file")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe{}", b"[" * 1_000_000, b"9" * 10_000, b'{"a": ' * 100_000, b'"\\ud800"'],
    ids=["empty", "half", "not UTF-8", "deep list", "long number", "deep", "surrogate"],
)
def test_manifest_that_is_not_json_is_rejected(saved, content):
    (saved / MANIFEST).write_bytes(content)
    with pytest.raises(BundleError) as caught:
        load_bundle(saved)
    assert len(str(caught.value).splitlines()) == 1


def test_a_huge_manifest_is_not_even_read(saved, monkeypatch):
    with (saved / MANIFEST).open("wb") as file:
        file.truncate(10**12)
    monkeypatch.setattr(Path, "read_text", lambda *_: pytest.fail("it was read"))
    with pytest.raises(BundleError, match="1000000000000 bytes"):
        load_bundle(saved)


@pytest.mark.parametrize("manifest", [[], None, 5, "text", {}, {"format": "keras"}, {"version": 1}])
def test_foreign_manifest_is_rejected(saved, manifest):
    (saved / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="does not contain a Cluster Lab model"):
        load_bundle(saved)


@pytest.mark.parametrize("version", [BUNDLE_VERSION + 1, 0, None, "1", [1]])
def test_other_format_version_is_rejected(saved, version):
    edit_manifest(saved, lambda manifest: manifest.update(version=version))
    with pytest.raises(BundleError, match=rf"reads version {BUNDLE_VERSION}: update the program"):
        load_bundle(saved)


def test_unknown_backbone_is_named_in_the_error(saved):
    edit_manifest(saved, lambda manifest: manifest["backbone"].update(name="resnet51"))
    with pytest.raises(BundleError, match="resnet51"):
        load_bundle(saved)


def test_model_of_an_earlier_version_is_unsure_below_60_percent(saved):
    edit_manifest(
        saved, lambda manifest: {k: v for k, v in manifest.items() if k != "unsure_below"}
    )
    assert load_bundle(saved).unsure_below == 0.6


@pytest.mark.parametrize("value", [-0.5, 1.5, float("nan"), "0.5", None])
def test_impossible_limit_for_unsure_answers_is_rejected(saved, value):
    edit_manifest(saved, lambda manifest: manifest.update(unsure_below=value))
    with pytest.raises(BundleError, match="damaged"):
        load_bundle(saved)


def test_duplicate_labels_are_rejected(saved):
    edit_manifest(saved, lambda manifest: manifest.update(labels=["a", "b", "a"]))
    with pytest.raises(BundleError, match="the same"):
        load_bundle(saved)


def list_paths(value, path=()):
    """Yield the path of keys to every value in nested dicts and lists."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, below in inner:
        yield (*path, key)
        yield from list_paths(below, (*path, key))


ODD_VALUES = [
    *(None, True, -1, 0, 2, 1e308, float("nan"), float("inf"), 10**400, "", "x", "zscale"),
    *([], [1], ["a", "b", "c"], {}, {"a": 1}, [[[]]], "\ud800", "../../etc", "plain"),
]


def test_manifest_with_any_value_replaced_is_rejected_or_usable(trained_once, workspace, tmp_path):
    shutil.copytree(trained_once, workspace.root)
    folder = find_newest_bundle(workspace.bundles)
    whole = json.loads((folder / MANIFEST).read_text("utf-8"))
    refused = answered = 0
    for path in list_paths(whole):
        for odd in [*ODD_VALUES, "missing"]:
            manifest = json.loads(json.dumps(whole))
            target = manifest
            for key in path[:-1]:
                target = target[key]
            if odd == "missing":
                del target[path[-1]]
            else:
                target[path[-1]] = odd
            (folder / MANIFEST).write_text(json.dumps(manifest))
            try:
                bundle = load_bundle(folder)
                if bundle.backbone.weights_sha256 != whole["backbone"]["weights_sha256"]:
                    continue  # no backbone has these weights, and searching for it is slow
                (answer,) = predict(bundle, [draw_blob(0)])
            except ClusterError:
                refused += 1
            else:
                answered += 1
                assert sum(answer.scores.values()) == pytest.approx(1)
                assert list(answer.scores) != []
    assert refused > 200
    assert answered > 200


def test_newest_bundle_is_the_most_recently_written(tmp_path):
    bundles = tmp_path / "bundles"
    assert find_newest_bundle(bundles) is None
    for number, name in enumerate(("b", "c", "a")):
        folder = save_bundle(make_bundle(name=name), bundles)
        os.utime(folder / MANIFEST, (1e9 + number, 1e9 + number))
        assert find_newest_bundle(bundles) == folder
    (bundles / "not a bundle").mkdir()
    (bundles / "file").touch()
    shutil.copytree(bundles / "b", bundles / ".half.part")
    os.utime(bundles / ".half.part" / MANIFEST, (2e9, 2e9))
    assert find_newest_bundle(bundles) == bundles / "a"


def test_newest_bundle_is_chosen_unless_one_is_named(tmp_path):
    workspace = Workspace(tmp_path)
    assert choose_bundle(None, workspace).name == "starter"
    older = save_bundle(make_bundle(name="older"), workspace.bundles)
    newer = save_bundle(make_bundle(name="newer"), workspace.bundles)
    os.utime(older / MANIFEST, (1e9, 1e9))
    assert choose_bundle(None, workspace).name == newer.name
    assert choose_bundle(older, workspace).name == older.name
    with pytest.raises(BundleError):
        choose_bundle(tmp_path, workspace)


def test_failed_rename_keeps_the_old_bundle(saved, monkeypatch):
    rename = os.rename

    def refuse_draft(source, target):
        if str(source).endswith(".part"):
            raise OSError(5, "Input/output error")
        rename(source, target)

    monkeypatch.setattr(drafts.os, "rename", refuse_draft)
    with pytest.raises(OSError, match="Input/output"):
        save_bundle(make_bundle(labels=("x", "y", "z")), saved.parent)
    assert_equal(load_bundle(saved), make_bundle())
    assert list_names(saved.parent) == ["model"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_number_that_is_not_finite_is_rejected_anywhere(saved, number):
    text = (saved / MANIFEST).read_text("utf-8")
    (saved / MANIFEST).write_text(text.replace('"settings": {', f'"settings": {{"x": {number},'))
    with pytest.raises(BundleError, match=f"{number}.*is not a finite number"):
        load_bundle(saved)
