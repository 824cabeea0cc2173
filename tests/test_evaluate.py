"""The `evaluate` command and its report."""

from __future__ import annotations

import html.parser
import json
import os
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from cluster_core import cli
from cluster_core.model.bundle.folder import load_bundle, save_bundle
from cluster_core.model.bundle.untrusted_files import MANIFEST
from tests.samples import draw_blob, run_python, save_picture, write_photos


def run(*arguments):
    return CliRunner().invoke(cli.main, ["evaluate", *map(str, arguments)])


def assert_one_sentence(result, *parts: str) -> None:
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    for part in parts:
        assert part in line


@pytest.fixture
def folder(tmp_path):
    """Pictures that no model was trained on, of the same classes."""
    return write_photos(tmp_path / "new", 12, first_seed=600)


def get_model(workspace) -> str:
    (bundle,) = workspace.bundles.iterdir()
    return bundle.name


def test_folder_is_evaluated(trained, folder):
    result = run(get_model(trained), folder)
    assert result.exit_code == 0, result.stderr
    assert "Accuracy on pictures of new = 100.0% (N=24), 95% interval: 86.2% to" in result.stdout
    assert re.search(r"100%\s+100%\s+100%\s+12\s+blue stars", result.stdout)
    assert result.stderr == ""


def test_model_may_be_a_folder_or_left_out(trained, folder):
    expected = run(get_model(trained), folder).stdout
    assert run(trained.bundles / get_model(trained), folder).stdout == expected
    assert run(folder).stdout == expected


def test_folder_may_be_named_as_a_dataset_of_the_workspace(trained):
    write_photos(trained.root / "other night_photos", 4, first_seed=600)
    result = run(get_model(trained), "other night_photos")
    assert "Accuracy on pictures of other night_photos = 100.0% (N=8)" in result.stdout


def test_pictures_of_the_training_are_noticed(trained, photos):
    result = run(get_model(trained), photos)
    assert re.search(r"The model learned from \d+ of these 48 pictures", result.stderr)


def test_unknown_class_is_left_out_and_reported(trained, folder):
    save_picture(folder / "moons" / "moon.png", draw_blob(1))
    result = run(get_model(trained), folder)
    assert "(N=24)" in result.stdout
    assert result.stderr == "The model does not know moons: 1 picture left out.\n"


def test_rejected_pictures_are_counted(trained, folder, tmp_path):
    (bundle,) = [load_bundle(path) for path in trained.bundles.iterdir()]
    detector = replace(bundle.novelty, threshold=0.0)  # everything is none of these
    save_bundle(replace(bundle, name="strict", novelty=detector), tmp_path)
    for number in range(3):
        save_picture(folder / "none_of_these" / f"{number}.png", draw_blob(number))
    result = run(tmp_path / "strict", folder, "--html", tmp_path / "report.html")
    sentence = (
        "Of 3 pictures in none_of_these, 3 were answered none of these; so were 24 of 24 of the "
        "classes."
    )
    assert sentence in result.stdout
    assert f"The report is in {tmp_path / 'report.html'}\n" in result.stderr
    assert "Accuracy on pictures of new = 100.0% (N=24)" in result.stdout
    assert sentence in (tmp_path / "report.html").read_text("utf-8")
    record = json.loads(run(tmp_path / "strict", folder, "--json").stdout)["none_of_these"]
    assert record["counter_examples"] == {"n": 3, "n_rejected": 3}
    assert record["classes"] == {"n": 24, "n_rejected": 24}


def test_counter_examples_for_a_model_without_novelty_are_reported(trained, folder, tmp_path):
    (bundle,) = [load_bundle(path) for path in trained.bundles.iterdir()]
    save_bundle(replace(bundle, name="plain", novelty=None), tmp_path)
    save_picture(folder / "none_of_these" / "moon.png", draw_blob(1))
    result = run(tmp_path / "plain", folder)
    assert result.stderr == (
        "This model cannot answer none of these: 1 picture in none_of_these left out.\n"
    )


def test_folder_with_one_known_class_has_no_undefined_figures(trained, folder):
    for path in (folder / "red stars").iterdir():
        path.unlink()
    result = run(get_model(trained), folder, "--json")
    test = json.loads(result.stdout)["test"]
    assert test["accuracy"] == 1
    assert test["matthews"] is None
    assert test["classes"][1]["recall"] is test["classes"][1]["precision"] is None
    assert "NaN" not in result.stdout
    assert "There are no pictures of red stars." in result.stderr


def test_folder_of_other_classes_is_refused(trained, tmp_path):
    photos = write_photos(tmp_path / "others", 3, {"cats": (1, 200, 3), "dogs": (200, 1, 3)})
    assert_one_sentence(run(get_model(trained), photos), "has no pictures of these classes", "cats")


def test_missing_model_and_folder_are_reported(trained, tmp_path):
    assert_one_sentence(run("nothing", tmp_path), "There is no model 'nothing'")
    assert_one_sentence(run(get_model(trained), tmp_path / "nowhere"), "There is no folder")


def test_model_of_the_command_is_evaluated_with_its_own_dataset(trained, photos, monkeypatch):
    monkeypatch.chdir(photos.parent)
    result = run(get_model(trained))
    assert result.exit_code == 0, result.stderr
    assert "Cross-validation accuracy = 100.0% (N=48)" in result.stdout
    name = f"pictures of {photos.name} that it did not learn from"
    n_test = int(re.search(rf"Accuracy on {name} = .*?\(N=(\d+)\)", result.stdout)[1])
    assert 0 < n_test < 24
    assert result.stderr == ""


def test_model_without_run_or_dataset_asks_for_a_folder(trained, photos, tmp_path, monkeypatch):
    write_photos(tmp_path / photos.name, 3, first_seed=700)  # the same name, other pictures
    monkeypatch.chdir(tmp_path)
    assert_one_sentence(
        run(get_model(trained)), photos.name, "name a folder of labelled pictures as well"
    )


class _Links(html.parser.HTMLParser):
    """Collects everything that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href")]


def test_report_is_one_page_that_loads_nothing(trained, folder, tmp_path):
    wrong = next((folder / "red stars").iterdir())
    wrong.rename(folder / "blue stars" / "<b>wrong.png")
    path = tmp_path / "report.html"
    assert run(get_model(trained), folder, "--html", path).exit_code == 0
    content = path.read_text("utf-8")
    page = _Links()
    page.feed(content)
    assert "script" not in page.tags
    (picture,) = page.sources
    assert picture.startswith("data:image/jpeg;base64,")
    assert page.tags.count("svg") == 3
    assert "&lt;b&gt;wrong.png" in content
    assert "nan" not in re.sub("<img[^>]*>", "", content).lower()
    assert get_model(trained) in content
    assert "To cite:" in content


def test_text_that_utf8_cannot_encode_is_escaped(trained, folder, tmp_path):
    (bundle,) = [load_bundle(path) for path in trained.bundles.iterdir()]
    save_surrogate(replace(bundle, name="odd"), trained.bundles)
    wrong = next((folder / "red stars").iterdir())
    wrong.rename(folder / "blue stars" / os.fsdecode(b"q\xff.png"))
    path = tmp_path / "report.html"
    result = run("odd", folder, "--json", "--html", path)
    assert result.exit_code == 0, result.output
    content = path.read_text("utf-8")
    assert "q\\udcff.png" in content
    assert "<td>x\\ud800</td>" in content
    record = json.loads(result.stdout)
    assert record["settings"]["note"] == "x\ud800"
    assert [one["path"] for one in record["test"]["mistakes"]] == ["blue stars/q\udcff.png"]


def save_surrogate(bundle, bundles_dir) -> None:
    manifest = save_bundle(replace(bundle, settings={"note": "SURROGATE"}), bundles_dir) / MANIFEST
    manifest.write_text(manifest.read_text("utf-8").replace("SURROGATE", "x\\ud800"), "utf-8")


def test_report_that_cannot_be_written_is_reported(trained, folder, tmp_path):
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "report.html"
    assert_one_sentence(run(get_model(trained), folder, "--html", path), "could not be written")


def test_evaluation_does_not_load_tensorflow(trained, folder):
    program = (
        "import sys; from click.testing import CliRunner; from cluster_core import cli\n"
        f"outcome = CliRunner().invoke(cli.main, ['evaluate', {str(folder)!r}])\n"
        "print(outcome.exit_code, 'tensorflow' in sys.modules)"
    )
    assert run_python("-c", program).stdout.split() == ["0", "False"]
