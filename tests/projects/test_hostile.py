"""Project files that were damaged, or made to do harm."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile

import pytest

from cluster_core.access import Access
from cluster_core.data.catalog import list_datasets
from cluster_core.errors import DatasetError, ProjectError
from cluster_core.model.bundle.collection import list_models
from cluster_core.projects import reading
from cluster_core.projects.layout import FORMAT, RECORD, VERSION
from cluster_core.projects.loading import load_project, preview_project
from cluster_core.projects.saving import save_project
from cluster_core.training.runs.folder import list_runs
from cluster_core.training.runs.records import load_config
from tests.labelling.samples import make_png

OWNER = Access.owner()
PICTURE = "datasets/stars/open/a.png"
PNG = make_png(1)
RUN = "20260102-030405-000000-abcd"


def pack(files, record=None, **entries: bytes) -> io.BytesIO:
    """Write a project's file of these files, by name or ZipInfo, with a record that lists them."""
    target = io.BytesIO()
    listed = []
    with zipfile.ZipFile(target, "w") as archive:
        for info, data in files.items():
            archive.writestr(info, data)
            listed.append(
                {
                    "path": info if isinstance(info, str) else info.filename,
                    "n_bytes": len(data),
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "written_ns": 10**18,
                }
            )
        for name, data in entries.items():
            archive.writestr(name, data)
        fields = {
            "format": FORMAT,
            "version": VERSION,
            "program": "0.2",
            "created": "2026-11-28T00:00:00+00:00",
            "default_model": "",
            "last_dataset": "",
            "files": listed,
        }
        archive.writestr(RECORD, json.dumps(fields | (record or {})))
    return target


def list_all(workspace):
    return sorted(path for path in workspace.root.parent.rglob("*") if path.suffix != ".lock")


def assert_refused(workspace, file, *words):
    before = list_all(workspace)
    with pytest.raises((ProjectError, DatasetError)) as caught:
        load_project(OWNER, workspace, file)
    message = str(caught.value)
    assert message.startswith("Nothing was ")
    for word in words:
        assert word in message
    left = [path for path in list_all(workspace) if path not in before]
    assert [path for path in left if path.name not in (workspace.root.name, ".incoming")] == []


def make_link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../evil.png", "leads out of its folder"),
        ("datasets/stars/../../evil.png", "leads out of its folder"),
        ("/etc/evil.png", "absolute path"),
        ("C:/evil.png", "absolute path"),
        ("datasets\\stars\\open\\a.png", "backslash"),
        ("datasets/stars/open/a\n.png", "control character"),
        ("datasets/con/open/a.png", "reserved by Windows"),
        ("datasets/stars/.hidden/a.png", "begins with a dot"),
        ("datasets/stars/open/aux.png", "not every disk"),
        ("datasets/stars/open/.a.png", "not every disk"),
        ("datasets/stars/open/a:b.png", "not every disk"),
        ("datasets/stars/open/a\u202egnp.png", "not every disk"),
        ("datasets/stars /open/a.png", "begins or ends with a space"),
        ("datasets//open/a.png", "is empty"),
    ],
)
def test_misleading_names_are_refused(workspace, name, words):
    assert_refused(workspace, pack({PICTURE: PNG, name: PNG}), words)


def test_links_and_devices_are_refused(workspace):
    assert_refused(workspace, pack({make_link(PICTURE): b"/etc/passwd"}), "is a link")


@pytest.mark.parametrize(
    "twin",
    [
        "datasets/stars/open/A.PNG",
        "datasets/Stars/open/b.png",
        "datasets/stars/OPEN/b.png",
        "datasets/stars/ope\u0301n/a.png",
    ],
)
def test_names_that_some_disks_cannot_tell_apart_are_refused(workspace, twin):
    files = {PICTURE: PNG, "datasets/stars/opén/a.png": PNG, twin: PNG}
    assert_refused(workspace, pack(files), "some disks cannot tell")


def test_two_entries_of_one_name_are_refused(workspace):
    file = pack({PICTURE: PNG})
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(PICTURE, PNG)
    assert_refused(workspace, file, "two entries")


def test_changed_content_is_refused(workspace):
    file = pack({PICTURE: PNG, "datasets/stars/open/b.png": make_png(2)})
    first = zipfile.ZipFile(file).infolist()[1]
    with file.getbuffer() as content:
        content[first.header_offset + 60] ^= 1
    assert_refused(workspace, file, "datasets/stars/open/b.png", "damaged")


def test_content_that_is_not_what_the_list_says_is_refused(workspace):
    other = [{"path": PICTURE, "n_bytes": len(PNG), "sha256": "0" * 64, "written_ns": 0}]
    assert_refused(workspace, pack({PICTURE: PNG}, {"files": other}), PICTURE, "damaged")


@pytest.mark.parametrize("n_bytes", [-1, 0, len(PNG) + 1, 10**15, "9", None])
def test_wrong_sizes_are_refused(workspace, n_bytes):
    other = [{"path": PICTURE, "n_bytes": n_bytes, "sha256": "0" * 64, "written_ns": 0}]
    assert_refused(workspace, pack({PICTURE: PNG}, {"files": other}), "damaged")


def test_missing_file_is_refused(workspace):
    gone = [{"path": PICTURE, "n_bytes": 5, "sha256": "0" * 64, "written_ns": 0}]
    assert_refused(workspace, pack({}, {"files": gone}), PICTURE, "missing")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"format": "something"}, "not a project"),
        ({"version": VERSION + 1, "program": "9.9"}, "newer version of Cluster Lab (9.9)"),
        ({"version": "1"}, "newer version"),
        ({"files": 3}, "damaged"),
        ({"files": [[]]}, "damaged"),
        ({"created": None}, "damaged"),
    ],
)
def test_other_records_are_refused(workspace, record, words):
    assert_refused(workspace, pack({PICTURE: PNG}, record), words)


def test_deeply_nested_record_is_refused(workspace):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(RECORD, "[" * 100_000)
    assert_refused(workspace, target, "damaged")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + bytes(18)])
def test_other_files_are_refused(workspace, content):
    assert_refused(workspace, io.BytesIO(content))


def test_zip_of_pictures_is_not_a_project(workspace):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("open/a.png", PNG)
    assert_refused(workspace, target, "it has no project.json")


def test_bomb_is_refused(workspace):
    info = zipfile.ZipInfo("datasets/stars/groups.csv")
    info.compress_type = zipfile.ZIP_DEFLATED
    assert_refused(workspace, pack({info: bytes(5_000_000)}), "zip bomb")


def test_too_many_files_are_refused(workspace, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FILES", 2)
    files = {f"datasets/stars/open/{number}.png": PNG for number in range(3)}
    assert_refused(workspace, pack(files), "more than 2 files")


def test_project_larger_than_the_disk_is_refused(workspace, monkeypatch):
    monkeypatch.setattr(reading, "_SPARE_BYTES", 10**18)
    assert_refused(workspace, pack({PICTURE: PNG}), "free some space")


def test_unknown_and_unlisted_files_are_ignored_and_named(workspace):
    files = {PICTURE: PNG, "datasets/stars/open/a.exe": b"MZ", "bin/sh": b"#!", "runs/x/y": b""}
    file = pack(files, **{"extra.txt": b"1", ".DS_Store": b"2"})
    report = load_project(OWNER, workspace, file)
    assert [note.split(" is ")[0] for note in report.notes] == [
        "datasets/stars/open/a.exe",
        "bin/sh",
        "runs/x/y",
        "extra.txt",
    ]
    names = {path.name for path in workspace.root.rglob("*") if path.is_file()}
    assert {name for name in names if not name.endswith(".lock")} == {"a.png"}
    assert preview_project(file).ignored == tuple(report.notes)


def test_folder_around_the_project_is_stripped(workspace):
    inner = pack({PICTURE: PNG})
    target = io.BytesIO()
    with zipfile.ZipFile(inner) as source, zipfile.ZipFile(target, "w") as archive:
        for info in source.infolist():
            archive.writestr(f"my project/{info.filename}", source.read(info))
        archive.writestr("__MACOSX/._x", b"")
    load_project(OWNER, workspace, target)
    assert list_datasets(workspace) == ("stars",)


@pytest.mark.parametrize("name", ["test", "x" * 99])
def test_reserved_or_long_dataset_name_does_no_harm(workspace, name):
    report = load_project(OWNER, workspace, pack({f"datasets/{name}/open/a.png": PNG}))
    assert len(report.notes) + len(report.added) == 1
    assert not (workspace.root / "test_photos").exists()


def test_hostile_model_is_left_out_with_the_reason(workspace):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("m/manifest.json", "{}")
        archive.writestr("m/head.npy", b"\x80\x04.")
    report = load_project(OWNER, workspace, pack({"models/m.zip": inner.getvalue(), PICTURE: PNG}))
    assert len(report.notes) == 1
    assert report.notes[0].startswith("The model m was left out: This is not a Cluster Lab model")
    assert [model.id for model in list_models(workspace)] == ["starter"]
    assert list_datasets(workspace) == ("stars",)


def change_run(saved, **status):
    """Return a project's file with another status, and a path, of its training."""
    with zipfile.ZipFile(saved) as source:
        files = {
            info.filename: source.read(info)
            for info in source.infolist()
            if not info.is_dir() and info.filename != RECORD
        }
    changes = {"status.json": status, "config.json": {"output_graph": "/root/.bashrc"}}
    for name, content in files.items():
        if change := changes.get(name.rpartition("/")[2]):
            files[name] = json.dumps(json.loads(content) | change).encode()
    return pack(files)


@pytest.fixture
def saved(filled, tmp_path):
    save_project(OWNER, filled, tmp_path / "project.zip")
    return tmp_path / "project.zip"


@pytest.mark.parametrize("state", ["queued", "running"])
def test_training_that_would_start_is_left_out(saved, other, state):
    report = load_project(OWNER, other, change_run(saved, state=state))
    assert list_runs(other) == ()
    assert ["has not ended" in note for note in report.notes] == [True]


def test_paths_of_a_training_are_not_kept(saved, other):
    load_project(OWNER, other, change_run(saved, bundle="../../../etc", dataset="../../etc"))
    (run,) = list_runs(other)
    assert load_config(other, run.id).image_dir == other.root / "etc_photos"
    assert run.bundle is None
    assert load_config(other, run.id).output_graph is None


def test_queue_pictures_that_its_log_does_not_name_are_removed(saved, other):
    with zipfile.ZipFile(saved) as source:
        files = {
            info.filename: source.read(info)
            for info in source.infolist()
            if info.filename.startswith("queues/")
        }
    log = next(name for name in files if name.endswith("log.jsonl"))
    files[f"{log.rpartition('/')[0]}/pictures/evil.png"] = b"MZ"
    load_project(OWNER, other, pack(files))
    assert list(other.queues.rglob("evil.png")) == []
    assert len(list(other.queues.rglob("*.png"))) == 4


def test_damaged_marks_do_not_matter(workspace):
    file = pack({PICTURE: PNG, "datasets/stars/.confirmed_labels.json": b"\xff{"})
    load_project(OWNER, workspace, file)
    assert list_datasets(workspace) == ("stars",)


@pytest.mark.parametrize(
    "name",
    [f"runs/{RUN}/status.json", f"runs/{RUN}/config.json", "published/stars/published.json"],
)
def test_large_json_is_left_out_and_named(workspace, name):
    report = load_project(OWNER, workspace, pack({PICTURE: PNG, name: bytes(1_000_001)}))
    assert f"{name} is larger than 1 MB." in report.notes
    assert list_runs(workspace) == ()
