"""All checks of a dataset together, also of data that is too small or all the same."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cluster_core.data.index import scan_dataset
from cluster_core.errors import DatasetError, RunError
from cluster_core.health import Finding, FindingKind, check, check_health, choose_network
from cluster_core.storage.cache_file import CacheFile
from tests.samples import SHARED, draw_blob, needs_shared, save_picture, write_photos


def run(workspace, folder=None, network=None, on_progress=lambda done, total: None):
    folder = folder or workspace.cluster_photos
    with CacheFile(workspace.bottlenecks) as file:
        index = scan_dataset(folder, file)
        network = network or choose_network(index.pictures)
        return check_health(index, network, file, on_progress)


def list_kinds(report) -> list[FindingKind]:
    return [finding.kind for finding in report.findings]


def test_faults_of_a_dataset_are_found(workspace, backbone):
    folder = write_photos(workspace.cluster_photos, 24)
    red, blue = folder / "red stars", folder / "blue stars"
    wrong, other = sorted(red.iterdir())[3:5]
    wrong.rename(blue / "wrong.png")
    shutil.copy(other, red / "again.png")
    blurred = Image.fromarray(draw_blob(77, (250, 80, 60), 200))
    save_picture(red / "blur.png", np.asarray(blurred.filter(ImageFilter.GaussianBlur(6))))
    seen = []
    report = run(workspace, network=backbone, on_progress=lambda *step: seen.append(step))
    by_kind = {
        kind: [f for f in report.findings if f.kind is kind] for kind in set(list_kinds(report))
    }
    assert by_kind[FindingKind.WRONG_LABEL][0].pictures[0].path.name == "wrong.png"
    assert by_kind[FindingKind.WRONG_LABEL][0].suggested == "red stars"
    assert {one.path.name for one in by_kind[FindingKind.COPIES][0].pictures} == {
        "again.png",
        other.name,
    }
    assert [f.pictures[0].path.name for f in by_kind[FindingKind.BLURRED]] == ["blur.png"]
    shortcuts = [finding.sentence for finding in by_kind[FindingKind.SHORTCUT]]
    assert any(sentence.startswith("The colour cast alone ") for sentence in shortcuts)
    assert seen[-1] == (50, 50)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_report_is_json_without_nan(workspace, backbone):
    write_photos(workspace.cluster_photos, 4)
    with CacheFile(workspace.bottlenecks) as file:
        index = scan_dataset(workspace.cluster_photos, file)
        record = check_health(index, backbone, file).to_record(index)
    assert json.loads(json.dumps(record, allow_nan=False))["pictures"] == 8


def test_two_pictures_say_what_could_not_be_checked(workspace, backbone):
    write_photos(workspace.cluster_photos, 1)
    report = run(workspace, network=backbone)
    assert report.notes[0].startswith("Labels were not checked, because")
    assert FindingKind.IMBALANCE in list_kinds(report)


def test_equal_files_in_two_classes_are_one_finding_and_no_wrong_labels(workspace, backbone):
    for label in "ab":
        for number in range(15):
            save_picture(workspace.cluster_photos / label / f"{number}.png", draw_blob(0))
    report = run(workspace, network=backbone)
    kinds = set(list_kinds(report)) - {FindingKind.TINY, FindingKind.IMBALANCE}
    assert kinds == {FindingKind.COPIES_ACROSS}
    assert list_kinds(report).count(FindingKind.COPIES_ACROSS) == 1
    assert "are the same file, but in different classes (a and b)" in report.findings[0].sentence


def test_frames_of_one_scene_are_a_series_of_inseparable_classes(workspace, backbone):
    random = np.random.default_rng(0)
    scene = random.integers(40, 215, (12, 12, 3)).repeat(10, axis=0).repeat(10, axis=1)
    for number in range(80):
        frame = (scene + random.normal(0, 3, scene.shape)).clip(0, 255).astype(np.uint8)
        save_picture(workspace.cluster_photos / "ab"[number % 2] / f"{number}.png", frame)
    kinds = list_kinds(run(workspace, network=backbone))
    assert kinds == [FindingKind.INSEPARABLE, FindingKind.SERIES]


def test_unusable_files_and_empty_classes_are_named(workspace, backbone):
    folder = write_photos(workspace.cluster_photos, 4)
    save_picture(folder / "red stars" / "black.png", np.zeros((120, 120, 3), np.uint8))
    (folder / "red stars" / "fake.jpg").write_text("no picture")
    (folder / "empty").mkdir()
    report = run(workspace, network=backbone)
    unusable = [one for one in report.findings if one.kind is FindingKind.UNUSABLE]
    assert [one.names for one in unusable] == [["red stars/black.png"], ["red stars/fake.jpg"]]
    assert unusable[0].sentence.startswith("In red stars: black.png is blank")
    sentences = [one.sentence for one in report.findings if one.kind is FindingKind.IMBALANCE]
    assert "empty has no pictures that can be used: add some, or delete the class." in sentences


def test_tiny_class_is_left_out_with_a_note(workspace, backbone):
    write_photos(workspace.cluster_photos, 12)
    save_picture(workspace.cluster_photos / "rare" / "one.png", draw_blob(5, (40, 200, 40)))
    report = run(workspace, network=backbone)
    assert "Labels in rare were not checked, because it has fewer than 3 pictures." in report.notes
    sentences = {f.subject: f.sentence for f in report.findings if f.kind is FindingKind.IMBALANCE}
    assert sentences["rare: few pictures"].startswith("rare has only 1 picture:")
    assert any("12 times as many pictures as rare" in one for one in sentences.values())


def test_empty_dataset_is_an_error(workspace, backbone):
    (workspace.cluster_photos / "a").mkdir(parents=True)
    with pytest.raises(DatasetError, match="to check"):
        run(workspace, network=backbone)


def test_features_that_are_not_finite_end_in_a_sentence(workspace, backbone, monkeypatch):
    class Broken:
        def extract(self, pictures):
            return np.full((len(pictures), backbone.spec.n_features), np.nan, np.float32)

    write_photos(workspace.cluster_photos, 3)
    monkeypatch.setattr(check, "load_extractor", lambda network: Broken())
    with pytest.raises(RunError, match="not finite"):
        run(workspace, network=backbone)


def test_stopped_check_is_continued(workspace, backbone):
    write_photos(workspace.cluster_photos, 4)

    def stop(done, total):
        if done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(workspace, network=backbone, on_progress=stop)
    assert run(workspace, network=backbone).n_pictures == 8


def test_key_of_a_finding_changes_with_the_class_of_its_picture(workspace, backbone):
    write_photos(workspace.cluster_photos, 4)
    finding = run(workspace, network=backbone).findings[0]
    (first, *rest) = finding.pictures or run(workspace, network=backbone).findings[-1].pictures
    one = Finding(FindingKind.COPIES, (first, *rest), "Copies.", 1.0)
    moved = replace(one, pictures=(replace(first, label="other"), *rest))
    assert one.key == replace(one, pictures=one.pictures[::-1], sentence="").key != moved.key


@needs_shared
def test_known_copies_of_the_photos_are_found_and_no_others(workspace):
    report = run(workspace, SHARED / "photos" / "cluster_photos")
    copies = [
        {one.path.stem for one in finding.pictures}
        for finding in report.findings
        if finding.kind in (FindingKind.COPIES, FindingKind.COPIES_ACROSS, FindingKind.SERIES)
    ]
    assert sorted(copies, key=len) == [
        {"globular (36)", "globular (4)"},
        {"open (15)", "open (91)"},
        {"globular (1)", "globular (50)", "globular (55)"},
    ]
