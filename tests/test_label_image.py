from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cluster_core import classify, label_image, retrain
from cluster_core.model.bundle.folder import find_newest_bundle
from tests.samples import COLOURS, draw_blob, not_as_root, run_python, save_picture

ANSWER = re.compile(
    r"Evaluation time \(1-image\): \d+\.\d{3}s\n\n"
    r"(?P<first>.+) \(score=(?P<high>[01]\.\d{5})\)\n"
    r"(?P<second>.+) \(score=(?P<low>[01]\.\d{5})\)\n"
    r"(?P<verdict>.+) \((?:novelty=[01]\.\d\d|novelty not measured)\)\n"
)


def run(*flags):
    return CliRunner().invoke(label_image.main, list(map(str, flags)))


@pytest.fixture(params=COLOURS)
def picture(request, tmp_path):
    """A picture that was not used in training, in a folder named after its class."""
    return save_picture(
        tmp_path / request.param / "new.png", draw_blob(4321, COLOURS[request.param])
    )


@pytest.fixture
def red(tmp_path):
    return save_picture(tmp_path / "red.png", draw_blob(4321, COLOURS["red stars"]))


def assert_one_sentence(result, *parts: str) -> None:
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    for part in parts:
        assert part in line
    assert result.stdout == ""


def test_answer_is_printed_as_in_the_article(trained, picture):
    result = run("--image", picture)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    found = ANSWER.fullmatch(result.stdout)
    assert found["first"] == picture.parent.name
    assert {found["first"], found["second"]} == set(COLOURS)
    assert float(found["high"]) > float(found["low"])
    assert float(found["high"]) + float(found["low"]) == pytest.approx(1, abs=2e-5)


def test_last_line_is_the_verdict(trained, red):
    found = ANSWER.fullmatch(run(f"--image={red}").stdout)
    assert found["verdict"] in (found["first"], "unsure", "none of these")
    graph = run(f"--image={red}", f"--graph={trained.retrained_graph}")
    assert graph.stdout.endswith("red stars (novelty not measured)\n")


def test_json_has_the_fields_of_classify(trained, red):
    record = json.loads(run(f"--image={red}", "--json").stdout)
    (line,) = CliRunner().invoke(classify.main, [str(red), "--json"]).stdout.splitlines()
    assert record == json.loads(line)
    assert list(record)[:6] == ["path", "label", "score", "verdict", "novelty", "scores"]
    graph = run(f"--image={red}", f"--graph={trained.retrained_graph}", "--json")
    record = json.loads(graph.stdout)
    assert (record["novelty"], record["verdict"]) == (None, "label")
    assert record["model_id"] == trained.retrained_graph.name


def test_flags_take_values_after_an_equals_sign_or_a_space(trained, red):
    bundle = find_newest_bundle(trained.bundles)
    answers = [
        ANSWER.fullmatch(run(*flags).stdout).groups()
        for flags in (
            (f"--image={red}",),
            ("--image", red),
            (f"--image={red}", f"--graph={bundle}"),
            ("--graph", bundle, "--image", red),
        )
    ]
    assert len(set(answers)) == 1


@pytest.mark.parametrize("labels", ["named", "next to the graph"])
def test_graph_gives_the_answer_of_its_model(trained, red, tmp_path, labels):
    flags = [f"--graph={trained.retrained_graph}"]
    if labels == "named":
        moved = tmp_path / "names.txt"
        trained.retrained_labels.rename(moved)
        flags.append(f"--labels={moved}")
    expected = ANSWER.fullmatch(run(f"--image={red}").stdout)
    result = run(f"--image={red}", *flags)
    assert result.exit_code == 0, result.stderr
    found = ANSWER.fullmatch(result.stdout)
    assert (found["first"], found["second"]) == (expected["first"], expected["second"])
    assert float(found["high"]) == pytest.approx(float(expected["high"]), abs=2e-5)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff", b"only one\n", b""])
def test_missing_or_mismatched_labels_are_reported(trained, red, content):
    trained.retrained_labels.unlink()
    if content is not None:
        trained.retrained_labels.write_bytes(content)
    result = run(f"--image={red}", f"--graph={trained.retrained_graph}")
    assert_one_sentence(result, str(trained.retrained_graph), "labels")


def test_labels_for_a_model_folder_are_refused(trained, red):
    for flags in ([], [f"--graph={find_newest_bundle(trained.bundles)}"]):
        result = run(f"--image={red}", f"--labels={trained.retrained_labels}", *flags)
        assert_one_sentence(result, "leave --labels out")


def test_missing_graph_is_reported_with_both_choices(trained, red):
    result = run(f"--image={red}", "--graph=/nonexistent.pb")
    assert_one_sentence(result, "/nonexistent.pb", "a model's folder, or a .pb graph")


def test_graph_in_unreadable_folder_is_reported(trained, red, monkeypatch):
    stat = Path.stat

    def refuse(path, **flags):
        if path.parent.name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **flags)

    monkeypatch.setattr(Path, "stat", refuse)
    assert_one_sentence(run(f"--image={red}", "--graph=locked/a.pb"), "Permission denied")


@not_as_root
def test_unreadable_picture_is_not_reported_as_wrong_usage(trained, red):
    red.chmod(0)
    assert_one_sentence(run(f"--image={red}"), "could not be opened (Permission denied)")


def test_click_does_not_check_whether_paths_are_readable():
    for command in (label_image.main, retrain.main, classify.main):
        for option in command.params:
            assert not getattr(option.type, "readable", False), option.name


def test_file_that_is_not_a_graph_is_reported(trained, red):
    result = run(f"--image={red}", f"--graph={red}", f"--labels={trained.retrained_labels}")
    assert_one_sentence(result, str(red), "is not a retrained graph")


def test_starter_model_answers_without_another_model(workspace, red):
    result = run(f"--image={red}")
    assert result.exit_code == 0, result.stderr
    assert "globular clusters (score=" in result.stdout
    assert not workspace.root.exists()


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_folder_without_a_model_is_reported(trained, red, tmp_path, name):
    (tmp_path / "empty").mkdir()
    assert_one_sentence(run(f"--image={red}", f"--graph={tmp_path / name}"), "There is no model in")


def test_damaged_model_is_reported(trained, red):
    folder = find_newest_bundle(trained.bundles)
    (folder / "head.npy").write_bytes(b"")
    result = run(f"--image={red}", f"--graph={folder}")
    assert_one_sentence(result, "is damaged", "train it again")


def test_damaged_newest_model_is_skipped_with_a_line(trained, red):
    folder = find_newest_bundle(trained.bundles)
    newer = shutil.copytree(folder, trained.bundles / "newer")
    (newer / "head.npy").write_bytes(b"")
    os.utime(newer / "manifest.json", (2e9, 2e9))
    result = run_python("-m", "cluster_core.label_image", f"--image={red}")
    assert "red stars (score=" in result.stdout
    (line,) = result.stderr.splitlines()
    assert f"{newer} is damaged" in line
    assert line.endswith(f"The model {folder.name} is used instead.")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("nowhere.png", None),
        ("folder", ...),
        ("empty.png", b""),
        ("page.jpg", b"<!DOCTYPE html>"),
        ("cut.jpg", b"\xff\xd8\xff\xe0" + bytes(50)),
        ("letter.pdf", b"%PDF-1.7"),
    ],
)
def test_unreadable_picture_is_reported(trained, tmp_path, name, content):
    path = tmp_path / name
    if content is ...:
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    assert_one_sentence(run(f"--image={path}"), str(path))


def test_picture_with_too_many_pixels_is_reported(trained, tmp_path):
    from PIL import Image

    Image.new("1", (12_000, 12_000)).save(tmp_path / "huge.png")
    assert_one_sentence(run(f"--image={tmp_path / 'huge.png'}"), "144 megapixels")


@pytest.mark.parametrize("flags", [[], ["--image"], ["--no_such_flag=1"], ["picture.png"]])
def test_wrong_usage_exits_with_2(flags):
    result = run(*flags)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_every_option_has_a_help_text():
    for option in label_image.main.params:
        assert option.help
    assert "newest model" in run("--help").output


def test_program_prints_only_the_answer(trained, red):
    outcome = run_python("-m", "cluster_core.label_image", f"--image={red}")
    assert outcome.returncode == 0
    assert outcome.stderr == ""
    assert ANSWER.fullmatch(outcome.stdout)["first"] == "red stars"
    missing = run_python("-m", "cluster_core.label_image", "--image=nowhere.png")
    assert missing.returncode == 1
    assert missing.stdout == ""
    assert re.fullmatch(r"Error: nowhere\.png could not be opened .*\n", missing.stderr)


def test_ctrl_c_says_that_the_picture_was_not_labelled(trained, red, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(label_image, "read_bytes", stop)
    result = run(f"--image={red}")
    assert result.exit_code == 130
    assert result.stderr == "\nStopped. The picture was not labelled.\n"


def test_class_names_are_printed_in_any_encoding(trained, red):
    folder = find_newest_bundle(trained.bundles)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace("red stars", "röd 🔭"), "utf-8")
    for encoding, expected in (("utf-8", "röd 🔭"), ("latin-1", r"röd \U0001f52d")):
        outcome = run_python(
            *("-m", "cluster_core.label_image", f"--image={red}"),
            env={"PYTHONIOENCODING": encoding},
            encoding=encoding,
        )
        assert outcome.returncode == 0, outcome.stderr
        assert expected in outcome.stdout


def test_network_of_a_copied_model_is_converted(trained, red, tmp_path):
    shutil.rmtree(trained.backbones)
    result = run(f"--image={red}")
    assert result.exit_code == 0, result.stderr
    assert ANSWER.fullmatch(result.stdout)["first"] == "red stars"
