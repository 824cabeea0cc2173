"""The folder of a page, as it is uploaded."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cluster_core.errors import BackboneError, ConfigError, ImageError
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.export.web import PageText, export_web
from cluster_core.model.export.web.page_text import MAX_EXAMPLES
from cluster_core.model.novelty.saving import to_table
from tests.samples import draw_blob, save_picture

STARTER_FOLDER = ASSETS / STARTER


@pytest.fixture
def bundle():
    return load_bundle(STARTER_FOLDER)


@pytest.fixture
def export(bundle, workspace, tmp_path):
    """Return a function that exports the starter model, and returns the folder."""

    def run(**texts):
        export_web(bundle, workspace, tmp_path / "page", PageText("Which cluster?", **texts))
        return tmp_path / "page"

    return run


def test_all_files_that_the_page_names_are_there(export):
    folder = export()
    script = (folder / "service-worker.js").read_text()
    offline = set(json.loads(re.search(r"const FILES = (\[.*\]);", script)[1]))
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert offline == files - {"index.html", "service-worker.js"} | {"./"}
    html = (folder / "index.html").read_text()
    assert set(re.findall(r'(?:src|href)="([^"]+)"', html)) <= files
    for script in (folder / "js").glob("*.js"):
        for name in re.findall(r'from "([^"]+)"', script.read_text()):
            assert (script.parent / name).is_file()


def test_cache_gets_a_new_name_when_anything_changes(export):
    def read_version(folder):
        return re.search(r'const VERSION = "(\w{16})"', (folder / "service-worker.js").read_text())

    first, again = read_version(export())[1], read_version(export())[1]
    changed = read_version(export(description="Another text."))[1]
    assert first == again != changed


def test_texts_of_the_owner_are_escaped_and_no_placeholder_is_left(export):
    description = 'A "test" <script>alert(1)</script>\n\nof {{title}}.'
    folder = export(description=description, link='https://example.org/?a="><b>')
    html = (folder / "index.html").read_text()
    assert "<script>alert" not in html
    assert "<b>" not in html
    assert "<p>of {{title}}.</p>" in html
    assert '<meta property="og:title" content="Which cluster?">' in html
    assert html.count("{{") == html.count("{{title}}")
    assert json.loads((folder / "manifest.webmanifest").read_text())["name"] == "Which cluster?"


def test_examples_are_small_and_lose_their_metadata(export, tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    photo = save_picture(tmp_path / "me.jpg", draw_blob(1, size_px=2000), exif=exif, comment=b"me")
    folder = export(examples=(photo,))
    assert json.loads((folder / "model.json").read_text())["examples"] == ["example-1.jpg"]
    with Image.open(folder / "example-1.jpg") as example:
        assert max(example.size) <= 800
        assert not example.getexif()
        assert "comment" not in example.info
    assert b"home" not in (folder / "example-1.jpg").read_bytes()


def test_tables_hold_head_and_novelty(export, bundle):
    numbers = np.frombuffer((export() / "tables.bin").read_bytes(), "<f4")
    n_head = bundle.head.weights.size + bundle.head.bias.size
    head = numbers[:n_head].reshape(-1, len(bundle.labels))
    assert np.array_equal(head[:-1], bundle.head.weights)
    assert np.array_equal(head[-1], bundle.head.bias)
    assert np.array_equal(numbers[n_head:], to_table(bundle.novelty).ravel())


def test_failed_export_leaves_the_earlier_page(export, tmp_path):
    folder = export()
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    before = (folder / "index.html").read_bytes()
    with pytest.raises(ImageError):
        export(description="New.", examples=(tmp_path / "broken.jpg",))
    assert (folder / "index.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name] == []


def test_card_of_a_trained_model_tells_accuracy_counts_and_confusion(trained, tmp_path):
    bundle = choose_bundle(None, trained)
    export_web(bundle, trained, tmp_path / "page", PageText("Colours"))
    record = json.loads((tmp_path / "page" / "model.json").read_text())
    test = bundle.metrics["test"]
    assert "cross-validated on 48 pictures." in record["card"]["accuracy"]
    assert np.sum(record["card"]["confusion"]) == test["n"]
    rows = dict(record["card"]["rows"])
    expected = f"{test['n_right']} of {test['n']} pictures labelled correctly"
    assert rows["Final test"] == expected
    assert rows["Pictures"] == "48 (blue stars 24, red stars 24)"
    assert rows["Training steps"] == "60"
    assert record["views"] == 1


def test_model_on_tensorflow_only_is_refused(bundle, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "cluster_core.model.export.web.folder.obtain_backbone",
        lambda bundle, workspace: replace(_find_backbone(trained), litert_sha256=""),
    )
    with pytest.raises(BackboneError, match="cannot become a web page"):
        export_web(bundle, trained, tmp_path / "page", PageText("A model"))
    assert not (tmp_path / "page").exists()


def _find_backbone(workspace):
    from cluster_core.model.backbones.converted import find_converted
    from cluster_core.model.backbones.registry import TEST_BACKBONE

    return find_converted(TEST_BACKBONE, workspace.backbones)


@pytest.mark.parametrize(
    ("field", "texts"),
    [
        ("title", {"title": " \u202e "}),
        ("title", {"title": "x" * 81}),
        ("description", {"title": "A", "description": "x" * 2001}),
        ("link", {"title": "A", "link": "javascript:alert(1)"}),
        ("link", {"title": "A", "link": "https://"}),
        ("link", {"title": "A", "link": "https://[example"}),
        ("examples", {"title": "A", "examples": ("a.jpg",) * (MAX_EXAMPLES + 1)}),
    ],
)
def test_texts_that_do_not_fit_are_refused(field, texts):
    with pytest.raises(ConfigError) as refused:
        PageText(**texts)
    assert refused.value.field == field
