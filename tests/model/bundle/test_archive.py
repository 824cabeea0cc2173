"""Models as .zip files: an exported model can be imported, and anything else is rejected."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from cluster_core.errors import AccessError, BundleError
from cluster_core.model.bundle import archive as bundle_archive
from cluster_core.model.bundle.archive import export_model, import_model
from cluster_core.model.bundle.collection import list_models, rename_model
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import choose_bundle, model_dir
from cluster_core.model.bundle.untrusted_files import HEAD, MANIFEST, NOVELTY
from cluster_core.workspace import Workspace
from tests.samples import OWNER, VISITOR


@pytest.fixture
def files(trained) -> dict[str, bytes]:
    """Content of the files of a valid model, by name."""
    (folder,) = trained.bundles.iterdir()
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def elsewhere(tmp_path) -> Workspace:
    """An empty workspace to import into."""
    return Workspace(tmp_path / "elsewhere")


def pack(entries, compression=zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, data in entries.items() if isinstance(entries, dict) else entries:
            archive.writestr(name, data)
    return content.getvalue()


def change_manifest(files, /, **changes) -> dict[str, bytes]:
    manifest = json.loads(files[MANIFEST]) | changes
    return files | {MANIFEST: json.dumps(manifest).encode()}


def replace_head(files, rows, name=HEAD) -> dict[str, bytes]:
    """Replace the head or another table, and its hash in the manifest."""
    array = io.BytesIO()
    np.save(array, rows, allow_pickle=rows.dtype == object)
    content = array.getvalue()
    hashes = json.loads(files[MANIFEST])["files"] | {name: hashlib.sha256(content).hexdigest()}
    return change_manifest(files, files=hashes) | {name: content}


def change_novelty(files, **changes) -> dict[str, bytes]:
    return change_manifest(files, novelty=json.loads(files[MANIFEST])["novelty"] | changes)


def remove_novelty(files) -> dict[str, bytes]:
    """Return the files of a model of version 0.1."""
    manifest = json.loads(files[MANIFEST])
    del manifest["novelty"], manifest["files"][NOVELTY]
    return {MANIFEST: json.dumps(manifest).encode(), HEAD: files[HEAD]}


def list_all(workspace) -> list[str]:
    return sorted(str(path.relative_to(workspace.root)) for path in workspace.root.rglob("*"))


def test_exported_model_can_be_imported_elsewhere(trained, elsewhere):
    (model_id,) = [model.id for model in list_models(trained) if model.id != "starter"]
    rename_model(OWNER, trained, model_id, "Blue or red?")
    added = import_model(OWNER, elsewhere, io.BytesIO(export_model(trained, model_id)))
    assert (added.id, added.title, added.problem) == (model_id, "Blue or red?", None)
    original, imported = (
        load_bundle(model_dir(workspace, model_id)) for workspace in (trained, elsewhere)
    )
    assert original.labels == imported.labels
    assert np.array_equal(original.head.weights, imported.head.weights)


def test_imported_model_measures_the_same_novelty(trained, elsewhere):
    (folder,) = trained.bundles.iterdir()
    import_model(OWNER, elsewhere, io.BytesIO(export_model(trained, folder.name)))
    features = np.random.default_rng(0).random((5, 1, 48), np.float32)
    ours, theirs = (
        load_bundle(model_dir(workspace, folder.name)).novelty.measure(features)
        for workspace in (trained, elsewhere)
    )
    np.testing.assert_allclose(ours, theirs)


def test_model_without_novelty_can_be_imported_and_exported(elsewhere, files):
    added = import_model(OWNER, elsewhere, io.BytesIO(pack(remove_novelty(files))))
    assert load_bundle(model_dir(elsewhere, added.id)).novelty is None
    with zipfile.ZipFile(io.BytesIO(export_model(elsewhere, added.id))) as archive:
        assert {name.split("/")[1] for name in archive.namelist()} == {MANIFEST, HEAD}


def test_identical_model_is_imported_only_once(trained, elsewhere):
    (folder,) = trained.bundles.iterdir()
    archive = export_model(trained, folder.name)
    first = import_model(OWNER, elsewhere, io.BytesIO(archive))
    before = list_all(elsewhere)
    assert import_model(OWNER, elsewhere, io.BytesIO(archive)).id == first.id
    assert list_all(elsewhere) == before


def test_different_model_of_the_same_name_gets_a_numbered_id(elsewhere, files):
    for title in ("first", "second"):
        import_model(
            OWNER,
            elsewhere,
            io.BytesIO(pack({f"m/{n}": c for n, c in change_manifest(files, title=title).items()})),
        )
    assert {model.id: model.title for model in list_models(elsewhere)} == {
        "m": "first",
        "m-2": "second",
        "starter": "Starter model",
    }


def test_concurrent_imports_of_one_name_are_both_kept(elsewhere, files, monkeypatch):
    check = bundle_archive._check_bundle
    other = io.BytesIO(pack({f"m/{name}": data for name, data in files.items()}))

    def check_during_another_import(draft):
        monkeypatch.setattr(bundle_archive, "_check_bundle", check)
        import_model(OWNER, elsewhere, other)
        return check(draft)

    monkeypatch.setattr(bundle_archive, "_check_bundle", check_during_another_import)
    changed = change_manifest(files, title="Another")
    import_model(
        OWNER, elsewhere, io.BytesIO(pack({f"m/{n}": data for n, data in changed.items()}))
    )
    titles = {model.id: model.title for model in list_models(elsewhere)}
    assert titles.keys() == {"m", "m-2", "starter"}
    assert titles["m"] == "Another" != titles["m-2"]


def test_imported_old_model_does_not_become_the_newest(trained, files):
    (newest,) = trained.bundles.iterdir()
    old = change_manifest(files, created="2019-01-01T00:00:00+00:00")
    added = import_model(OWNER, trained, io.BytesIO(pack({f"old/{n}": c for n, c in old.items()})))
    assert choose_bundle(None, trained).name == newest.name
    assert added.created.startswith("2019")


@pytest.mark.parametrize(
    "created",
    [
        *("", "yesterday", "9999-12-31T23:59:59+00:00", "0001-01-01"),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    ],
)
def test_impossible_training_time_is_ignored(elsewhere, files, created):
    import_model(OWNER, elsewhere, io.BytesIO(pack(change_manifest(files, created=created))))
    (folder,) = elsewhere.bundles.iterdir()
    assert (folder / MANIFEST).stat().st_mtime >= 0
    assert [model.id for model in list_models(elsewhere)] == [folder.name, "starter"]


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("", "trained-name"),
        ("starter/", "starter-2"),
        (".hidden/", "hidden"),
        ("a b;rm -rf/", "a-b-rm--rf"),
        ("Kugelhäufen 🔭/", "Kugelh-ufen"),
        ("é/", "model"),
        ("x" * 200 + "/", "x" * 80),
    ],
)
def test_folder_gets_a_safe_name(elsewhere, files, folder, expected):
    entries = change_manifest(files, name="trained/name")
    added = import_model(
        OWNER, elsewhere, io.BytesIO(pack({folder + n: c for n, c in entries.items()}))
    )
    assert added.id == expected
    assert [path.name for path in elsewhere.bundles.iterdir()] == [expected]


def random_bytes(count: int) -> bytes:
    return np.random.default_rng(0).bytes(count)


REJECTED_ARCHIVES = {
    "not a zip": lambda files: b"hello",
    "empty": lambda files: b"",
    "truncated": lambda files: pack(files)[:-40],
    "no files": lambda files: pack({}),
    "only a manifest": lambda files: pack({MANIFEST: files[MANIFEST]}),
    "a third file": lambda files: pack(files | {"run.py": b"import os"}),
    "another name": lambda files: pack({MANIFEST: files[MANIFEST], "head.pkl": files[HEAD]}),
    "a fourth file": lambda files: pack(files | {"novelty.pkl": files[NOVELTY]}),
    "novelty without a file": lambda files: pack({n: files[n] for n in (MANIFEST, HEAD)}),
    "novelty instead of a head": lambda files: pack({n: files[n] for n in (MANIFEST, NOVELTY)}),
    "altered novelty": lambda files: pack(files | {NOVELTY: files[NOVELTY][:-1] + b"\x01"}),
    "a bomb of novelty": lambda files: pack(files | {NOVELTY: bytes(7_000_000)}),
    "a large novelty": lambda files: pack(files | {NOVELTY: random_bytes(9_000_000)}),
    "novelty of another shape": lambda files: pack(
        replace_head(files, np.zeros((12, 2), "<f4"), NOVELTY)
    ),
    "novelty that is not a number": lambda files: pack(
        replace_head(files, np.full((60, 2), np.nan, "<f4"), NOVELTY)
    ),
    "novelty of no classes": lambda files: pack(change_novelty(files, classes=0)),
    "a unit that is no number": lambda files: pack(change_novelty(files, unit="1")),
    "a negative unit": lambda files: pack(change_novelty(files, unit=-1)),
    "an impossible threshold": lambda files: pack(change_novelty(files, threshold=1.5)),
    "novelty in a list": lambda files: pack(change_manifest(files, novelty=[1])),
    "two folders": lambda files: pack({f"a/{MANIFEST}": files[MANIFEST], f"b/{HEAD}": files[HEAD]}),
    "deep folders": lambda files: pack({f"a/b/{n}": c for n, c in files.items()}),
    "a parent folder": lambda files: pack({f"../{n}": c for n, c in files.items()}),
    "an absolute path": lambda files: pack({f"/tmp/{n}": c for n, c in files.items()}),
    "a parent folder on Windows": lambda files: pack({f"..\\{n}": c for n, c in files.items()}),
    "a folder entry for a parent": lambda files: pack({"../": b"", **files}),
    "the same name twice": lambda files: pack(
        [(MANIFEST, files[MANIFEST]), (HEAD, files[HEAD]), (HEAD, b"")]
    ),
    "100,000 entries": lambda files: pack({f"{n}.txt": b"" for n in range(20_000)}),
    "another compression": lambda files: pack(files, zipfile.ZIP_BZIP2),
    "a bomb": lambda files: pack({MANIFEST: files[MANIFEST], HEAD: bytes(250_000_000)}),
    "a large manifest": lambda files: pack({HEAD: files[HEAD], MANIFEST: bytes(6_000_000)}),
    "a wrong declared size": lambda files: pack(files, zipfile.ZIP_STORED).replace(
        struct.pack("<II", len(files[HEAD]), len(files[HEAD])),
        struct.pack("<II", len(files[HEAD]), len(files[HEAD]) + 5),
    ),
    "altered content": lambda files: pack(files | {HEAD: files[HEAD][:-1] + b"\x01"}),
    "not JSON": lambda files: pack(files | {MANIFEST: b"{"}),
    "deeply nested JSON": lambda files: pack(files | {MANIFEST: b"[" * 100_000}),
    "another format": lambda files: pack(change_manifest(files, format="other")),
    "a newer version": lambda files: pack(change_manifest(files, version=2)),
    "an unknown network": lambda files: pack(
        change_manifest(files, backbone={"name": "../../evil", "weights_sha256": ""})
    ),
    "a pickle": lambda files: pack(replace_head(files, np.array([[print]], dtype=object))),
    "not a number": lambda files: pack(replace_head(files, np.full((49, 2), np.nan, "<f4"))),
    "another shape": lambda files: pack(replace_head(files, np.zeros((4, 2), "<f4"))),
    "one class": lambda files: pack(change_manifest(files, labels=["only"])),
    "a class of two lines": lambda files: pack(change_manifest(files, labels=["a\nb", "c"])),
    "a class of 300 letters": lambda files: pack(change_manifest(files, labels=["a" * 300, "c"])),
    "labels of other types": lambda files: pack(change_manifest(files, labels=[["a"], ["b"]])),
    "settings in a list": lambda files: pack(change_manifest(files, settings=[[1, 2]])),
    "a manifest in UTF-16": lambda files: pack(files | {MANIFEST: b"\xff\xfe{\x00}\x00"}),
}


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("kind", REJECTED_ARCHIVES)
def test_malicious_or_damaged_archive_is_rejected(elsewhere, files, kind):
    elsewhere.root.mkdir()
    with pytest.raises(BundleError) as caught:
        import_model(OWNER, elsewhere, io.BytesIO(REJECTED_ARCHIVES[kind](files)))
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence[0].isupper()
    assert len(sentence) < 1000
    assert str(elsewhere.root) not in sentence
    left = list_all(elsewhere)
    assert left in ([], ["models", "models/bundles"])
    assert [model.id for model in list_models(elsewhere)] == ["starter"]


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (["turned \u202e around", "c"], "contains an invisible character"),
        (["hidden\u200b", "c"], "contains an invisible character"),
        (["   ", "c"], "is empty"),
        ([" open", "c"], "begins or ends with a space"),
        (["open/closed", "c"], "contains the character /"),
        (["con", "c"], "is reserved by Windows"),
        (["open", "op\u200den"], "looks like that of its class 'open'"),
        (["open", "Open"], "looks like that of its class 'open'"),
        (["\u00e9", "e\u0301"], "looks like that of its class"),
    ],
)
def test_class_names_of_an_imported_model_obey_the_rules(elsewhere, files, labels, problem):
    archive = pack(change_manifest(files, labels=labels))
    with pytest.raises(BundleError, match="This model cannot be added, because the name") as caught:
        import_model(OWNER, elsewhere, io.BytesIO(archive))
    assert problem in str(caught.value)
    assert list(elsewhere.bundles.iterdir()) == []


def test_existing_model_may_break_the_rules_of_class_names(trained, files):
    (folder,) = trained.bundles.iterdir()
    changed = change_manifest(files, labels=["a/b", "turned \u202e around"])
    (folder / MANIFEST).write_bytes(changed[MANIFEST])
    assert load_bundle(folder).labels == ("a/b", "turned \u202e around")


def make_large_head(files, n_labels: int) -> dict[str, bytes]:
    """Return a model whose head fits its many labels."""
    labels = [f"c{number}" for number in range(n_labels)]
    return change_manifest(files, labels=labels) | replace_head(
        change_manifest(files, labels=labels), np.zeros((49, n_labels), "<f4")
    )


MEMORY_BOMBS = {
    "a head that shrinks": (lambda files: make_large_head(files, 400_000), "is too large"),
    "a head larger than its labels": (
        lambda files: replace_head(files, np.random.default_rng(0).random((999, 999), "<f4")),
        "too large for 2 classes",
    ),
    "a head of zeros": (
        lambda files: make_large_head(files, 1_000),
        "like a zip bomb",
    ),
    "many labels": (
        lambda files: change_manifest(files, labels=[str(n) for n in range(400_000)]),
        "400,000 classes, more than 1,000",
    ),
    "many empty lists": (
        lambda files: change_manifest(files, metrics=[[]] * 1_200_000),
        "cannot be read",
    ),
}


@pytest.mark.parametrize("kind", MEMORY_BOMBS)
def test_large_model_is_rejected_before_it_takes_memory(elsewhere, files, kind):
    make, problem = MEMORY_BOMBS[kind]
    archive = io.BytesIO(pack(make(files)))
    assert archive.getbuffer().nbytes < 5_000_000
    tracemalloc.start()
    try:
        with pytest.raises(BundleError, match=problem):
            import_model(OWNER, elsewhere, archive)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 60_000_000


def test_encrypted_archive_is_rejected(elsewhere, files):
    archive = bytearray(pack(files))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = archive.find(magic)
        archive[start + offset] |= 1
    with pytest.raises(BundleError, match="encrypted"):
        import_model(OWNER, elsewhere, io.BytesIO(bytes(archive)))


def test_many_entries_are_rejected_before_they_are_listed(elsewhere, files, monkeypatch):
    monkeypatch.setattr(bundle_archive.zipfile, "ZipFile", None)
    with pytest.raises(BundleError, match="too many files"):
        import_model(OWNER, elsewhere, io.BytesIO(b"PK\x01\x02" * 100_000))


def test_full_disk_is_reported_and_leaves_nothing(elsewhere, files, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    archive = pack(files)
    monkeypatch.setattr(bundle_archive, "_restore_training_time", fail)
    with pytest.raises(BundleError, match="No space left on device"):
        import_model(OWNER, elsewhere, io.BytesIO(archive))
    assert list(elsewhere.bundles.iterdir()) == []


def test_damaged_model_is_not_exported(trained):
    (folder,) = trained.bundles.iterdir()
    (folder / HEAD).write_bytes(b"")
    with pytest.raises(BundleError, match="damaged"):
        export_model(trained, folder.name)


def test_public_demo_allows_export_but_not_import(trained):
    (folder,) = trained.bundles.iterdir()
    archive = export_model(trained, folder.name)
    with pytest.raises(AccessError):
        import_model(VISITOR, trained, io.BytesIO(archive))


def test_starter_model_can_be_exported(workspace):
    archive = export_model(workspace, "starter")
    assert zipfile.ZipFile(io.BytesIO(archive)).namelist() == [
        "starter/manifest.json",
        "starter/head.npy",
        "starter/novelty.npy",
    ]
    assert import_model(OWNER, workspace, io.BytesIO(archive)).id == "starter"
