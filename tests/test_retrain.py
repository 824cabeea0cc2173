from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import filelock
import pytest
from click.testing import CliRunner

from cluster_core import retrain
from cluster_core.model.bundle.folder import find_newest_bundle, load_bundle
from cluster_core.training import train as train_module
from cluster_core.training.choice import trial
from tests.samples import (
    REPOSITORY,
    SHARED,
    cut_off,
    draw_blob,
    needs_shared,
    run_python,
    save_picture,
    write_photos,
)

# The flags and defaults of the 2018 retrain script, and two added flags: saved_model_dir and seed.
FLAGS = {
    "image_dir": ...,
    "output_graph": None,
    "intermediate_output_graphs_dir": None,
    "intermediate_store_frequency": 0,
    "output_labels": None,
    "summaries_dir": None,
    "how_many_training_steps": 4000,
    "learning_rate": 0.01,
    "testing_percentage": 10,
    "validation_percentage": 10,
    "eval_step_interval": 10,
    "train_batch_size": 100,
    "test_batch_size": -1,
    "validation_batch_size": 100,
    "print_misclassified_test_images": False,
    "model_dir": None,
    "bottleneck_dir": None,
    "final_tensor_name": "final_result",
    "flip_left_right": False,
    "random_crop": 0,
    "random_scale": 0,
    "random_brightness": 0,
    "architecture": "sky",
    "saved_model_dir": None,
    "seed": 0,
}
STEP_LINES = re.compile(
    r"(Step (?P<step>\d+): Train accuracy = \d+\.\d%\n"
    r"Step (?P=step): Cross entropy = \d+\.\d{3}\n"
    r"(Step (?P=step): Validation accuracy = \d+\.\d% \(N=\d+\)\n)?)"
)
LAST_LINES = re.compile(
    r"Final test accuracy = (\d+\.\d)% \(N=\d+\)\n95% interval: \d+\.\d% to \d+\.\d%\n"
    r"(None of these: .*\n)?"
    r"Cross-validation accuracy = \d+\.\d% \(N=\d+\), 95% interval: \d+\.\d% to \d+\.\d%\n\Z"
)


def run(*flags: str):
    return CliRunner().invoke(retrain.main, list(map(str, flags)))


def quick(photos: Path, *flags: str) -> list[str]:
    return [
        f"--image_dir={photos}",
        "--architecture=random",
        "--how_many_training_steps=25",
        "--learning_rate=0.5",
        "--testing_percentage=20",
        "--validation_percentage=20",
        *flags,
    ]


def assert_one_sentence(result, *parts: str, code: int = 1) -> None:
    """Check that a command ended with one line for the user, and no traceback."""
    exit_code = result.exit_code if hasattr(result, "exit_code") else result.returncode
    assert exit_code == code, result.stderr
    assert "Traceback" not in result.stderr
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("Error: "))
    assert result.stderr.splitlines()[-1] == line
    for part in parts:
        assert part in line
    assert result.stdout == ""


@pytest.mark.parametrize("name", FLAGS)
def test_flags_of_2018_keep_their_defaults(name, workspace):
    found = retrain.main.make_context("retrain", []).params[name]
    if name == "image_dir":
        assert found == workspace.cluster_photos
    else:  # None stands for a path in the workspace, as the help says
        assert found == FLAGS[name]


def test_help_shows_default_paths_under_tf_files():
    outcome = run_python("-m", "cluster_core.retrain", "--help", env={"CLUSTER_LAB_WORKSPACE": ""})
    text = "".join(outcome.stdout.split())  # the lines are wrapped
    for path in (
        "tf_files/cluster_photos",
        "tf_files/retrained_graph.pb",
        "tf_files/retrained_labels.txt",
        "tf_files/intermediate_graphs",
        "tf_files/training_summaries/<architecture>",
        "tf_files/models",
        "tf_files/bottlenecks",
    ):
        assert f"[default:({path})]" in text or f"[default:{path}]" in text, path


def test_every_option_has_a_help_text():
    help_text = run("--help").output
    for option in retrain.main.params:
        assert option.help
        assert option.help.endswith((".", "convnext_tiny."))
        assert option.opts[0] in help_text


def test_output_lines_match_the_article(photos, backbone):
    result = run(*quick(photos))
    assert result.exit_code == 0, result.output
    steps = list(STEP_LINES.finditer(result.stdout))
    assert [int(found["step"]) for found in steps] == [0, 10, 20, 24]
    assert all(found[3] for found in steps)
    end = result.stdout.removeprefix("".join(found[0] for found in steps))
    assert LAST_LINES.match(end)
    assert LAST_LINES.match(end)[1] == "100.0"
    assert "blue stars: 24 pictures\n" in result.stderr
    assert "for training" in result.stderr


def test_automatic_choice_is_printed_before_the_training(photos, workspace, backbone, monkeypatch):
    monkeypatch.setattr(trial, "prepare_networks", lambda *_: [backbone])
    result = run(*quick(photos), "--architecture=auto")
    assert result.exit_code == 0, result.output
    assert re.search(
        r"^Network chosen for these pictures: random, \d+\.\d% in a trial\.$", result.stderr, re.M
    )
    assert result.stdout.startswith("Step 0: ")
    bundle = load_bundle(find_newest_bundle(workspace.bundles))
    assert (bundle.backbone.name, bundle.settings["architecture"]) == ("random", "auto")


@pytest.mark.parametrize("joined", [True, False])
def test_flags_take_values_after_an_equals_sign_or_a_space(
    photos, workspace, backbone, tmp_path, joined
):
    values = {
        "--image_dir": photos,
        "--architecture": "random",
        "--how_many_training_steps": 5,
        "--output_labels": tmp_path / "my labels.txt",
        "--test_batch_size": -1,
        "--seed": 3,
    }
    pairs = [(f"{flag}={value}",) if joined else (flag, value) for flag, value in values.items()]
    result = run(*(part for pair in pairs for part in pair))
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "my labels.txt").read_text() == "blue stars\nred stars\n"
    settings = load_bundle(find_newest_bundle(workspace.bundles)).settings
    assert (settings["seed"], settings["how_many_training_steps"]) == (3, 5)


def test_flags_are_passed_to_the_training(photos, workspace, backbone):
    result = run(
        *quick(photos, "--flip_left_right", "--random_crop=5", "--random_scale=6"),
        *("--random_brightness=7", "--sky_views", "--no-balance_classes", "--no-early_stopping"),
        *("--weight_decay=0.01", "--train_batch_size=9", "--validation_batch_size=4"),
        *("--final_tensor_name=scores", "--eval_step_interval=5"),
    )
    assert result.exit_code == 0, result.stderr
    settings = load_bundle(find_newest_bundle(workspace.bundles)).settings
    assert settings == {
        "architecture": "random",
        "how_many_training_steps": 25,
        "learning_rate": 0.5,
        "testing_percentage": 20,
        "validation_percentage": 20,
        "eval_step_interval": 5,
        "train_batch_size": 9,
        "test_batch_size": -1,
        "validation_batch_size": 4,
        "flip_left_right": True,
        "random_crop": 5,
        "random_scale": 6,
        "random_brightness": 7,
        "sky_views": True,
        "from_starter": True,
        "weight_decay": 0.01,
        "balance_classes": False,
        "early_stopping": False,
        "seed": 0,
        "split_version": 4,
        "final_tensor_name": "scores",
        "intermediate_store_frequency": 0,
    }
    assert "(N=4)" in result.stdout


def test_misclassified_pictures_are_listed_on_request(backbone, tmp_path):
    # The pictures of both classes look alike.
    for number, label in enumerate(("heads", "tails")):
        for picture in range(30):
            seed = 100 * number + picture
            save_picture(tmp_path / "coins" / label / f"coin {seed}.png", draw_blob(seed))
    result = run(*quick(tmp_path / "coins", "--print_misclassified_test_images"))
    assert result.exit_code == 0, result.stderr
    _, _, end = result.stdout.partition("=== MISCLASSIFIED TEST IMAGES ===\n")
    *mistakes, accuracy, _, _ = end.splitlines()
    assert mistakes
    for line in mistakes:
        assert re.fullmatch(
            r".*/(heads|tails)/coin \d+\.png  (heads|tails) \(score=[01]\.\d{5}\)", line
        )
    n = int(re.search(r"N=(\d+)", accuracy)[1])
    assert accuracy == f"Final test accuracy = {(n - len(mistakes)) / n:.1%} (N={n})"


def test_missing_final_test_is_reported(photos, backbone):
    result = run(*quick(photos, "--testing_percentage=0", "--validation_percentage=0"))
    assert result.exit_code == 0
    *_, tested, validated = result.stdout.splitlines()
    assert tested == "Final test accuracy: not measured, no pictures were kept for it"
    assert validated.startswith("Cross-validation accuracy = 100.0% (N=48)")
    assert "Validation accuracy" not in result.stdout


def test_unusable_pictures_are_reported_with_the_reason(backbone, tmp_path):
    photos = write_photos(tmp_path / "photos", 12)
    (photos / "red stars" / "empty.png").touch()
    result = run(*quick(photos))
    assert result.exit_code == 0
    assert "Left out: red stars/empty.png is empty (0 bytes)" in result.stderr


def test_incomplete_pictures_are_reported(photos, backbone, tmp_path):
    shutil.copytree(photos, tmp_path / "copy")
    cut_off(tmp_path / "copy" / "red stars" / "cut.jpg")
    result = run(*quick(tmp_path / "copy"))
    assert result.exit_code == 0
    assert "Warning: red stars/cut.jpg is cut off or damaged: about" in result.stderr


@pytest.mark.parametrize("label", ["Kugelhäufen", "🔭", "it's", '"open"', "a b  c", "-x"])
def test_unusual_class_names_are_learned(workspace, backbone, tmp_path, label):
    photos = write_photos(tmp_path / "photos", 12, {label: (250, 80, 60), "blue": (60, 90, 250)})
    result = run(*quick(photos))
    assert result.exit_code == 0, result.stderr
    assert set(workspace.retrained_labels.read_text("utf-8").splitlines()) == {label, "blue"}


def make_nothing(folder: Path) -> Path:
    return folder / "nowhere"


def make_empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def make_flat(folder: Path) -> Path:
    return write_photos(folder / "classes", 3) / "red stars"


def make_one_class(folder: Path) -> Path:
    return write_photos(folder / "one", 5, {"red stars": (250, 80, 60)})


def make_too_few(folder: Path) -> Path:
    write_photos(folder / "few", 2)
    return folder / "few"


def make_file(folder: Path) -> Path:
    return save_picture(folder / "a.png", draw_blob(0))


def make_all_bad(folder: Path) -> Path:
    for label in "ab":
        (folder / "bad" / label).mkdir(parents=True)
        for number in range(5):
            (folder / "bad" / label / f"{number}.png").write_bytes(b"not a picture")
    return folder / "bad"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (make_nothing, "There is no folder"),
        (make_empty, "There are no pictures in"),
        (make_flat, "The pictures are directly in"),
        (make_one_class, "There is only one class in"),
        (make_too_few, "has 2 usable pictures"),
        (make_file, "could not be opened"),
        (make_all_bad, "10 files could not be used, for example: 0.png"),
    ],
)
def test_unusable_dataset_is_reported(backbone, tmp_path, make, message):
    assert_one_sentence(run(*quick(make(tmp_path))), message, str(tmp_path))


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--learning_rate=0", "learning_rate must be above 0"),
        ("--learning_rate=nan", "learning_rate must be above 0"),
        ("--learning_rate=1e9", "learning_rate must be above 0"),
        ("--how_many_training_steps=0", "how_many_training_steps must be from 1"),
        ("--how_many_training_steps=-5", "how_many_training_steps must be from 1"),
        ("--testing_percentage=60 --validation_percentage=40", "no pictures to train on"),
        ("--testing_percentage=-3", "testing_percentage must be at least 0"),
        ("--architecture=mobilenet_0.5_224", "did you mean mobilenet_0.50_224?"),
        ("--final_tensor_name=input", "final_tensor_name must be"),
    ],
)
def test_setting_out_of_range_is_reported_before_the_training(photos, workspace, flag, message):
    assert_one_sentence(run(f"--image_dir={photos}", *flag.split()), message)
    assert not workspace.root.exists()


@pytest.mark.parametrize(
    "flags", [["--learning_rate=fast"], ["--no_such_flag"], ["stray"], ["--seed"]]
)
def test_wrong_usage_exits_with_2(flags):
    result = run(*flags)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert result.stdout == ""


def test_network_of_the_tests_is_hidden_from_users(photos, workspace, monkeypatch):
    monkeypatch.delenv(retrain.TEST_VARIABLE)
    result = run(*quick(photos))
    assert_one_sentence(result, "There is no architecture named 'random': choose one of sky,")
    assert not workspace.root.exists()


def test_wrong_setting_is_reported_before_tensorflow_is_loaded():
    program = (
        "import sys; from click.testing import CliRunner; from cluster_core.retrain import main\n"
        "outcome = CliRunner().invoke(main, ['--learning_rate=-1'])\n"
        "print(outcome.exit_code, 'tensorflow' in sys.modules)"
    )
    assert run_python("-c", program).stdout.split() == ["1", "False"]


def test_failed_download_of_weights_is_reported(photos, workspace, monkeypatch):
    import keras

    def refuse(*_, **__):
        raise Exception("URL fetch failure: no route to host")

    monkeypatch.setattr(keras.utils, "get_file", refuse)
    result = run(f"--image_dir={photos}", "--architecture=mobilenet_0.25_128")
    assert result.exit_code == 1
    *_, line = result.stderr.splitlines()
    assert line.startswith("Error: The weights of mobilenet_0.25_128 are not in")
    assert "mobilenet_2_5_128_tf_no_top.h5" in line
    assert "Traceback" not in result.stderr


def test_damaged_bottleneck_cache_is_reported(photos, workspace, backbone):
    workspace.bottlenecks.mkdir(parents=True)
    (workspace.bottlenecks / "bottlenecks.sqlite").write_bytes(b"not a database" * 100)
    assert_one_sentence(run(*quick(photos)), "is damaged", "Delete it")


def test_second_concurrent_training_is_refused(photos, workspace, backbone):
    with filelock.FileLock(workspace.training_lock):
        assert_one_sentence(run(*quick(photos)), "Another training is running")
    assert run(*quick(photos)).exit_code == 0


def test_invalid_limit_of_trainings_is_reported_first(photos, workspace, monkeypatch):
    monkeypatch.setenv("CLUSTER_LAB_TRAININGS_AT_ONCE", "many")
    monkeypatch.setattr(train_module, "train", lambda *_: pytest.fail("the training started"))
    assert_one_sentence(run(*quick(photos)), "must be a whole number from 1 to 8", "'many'")
    assert not workspace.root.exists()


def test_bug_keeps_its_traceback(photos, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(train_module, "train", fail)
    assert isinstance(run(*quick(photos)).exception, ZeroDivisionError)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file size limit")
def test_full_disk_is_reported_and_keeps_old_outputs(photos, trained):
    before = trained.retrained_graph.read_bytes(), trained.retrained_labels.read_bytes()
    n_bundles = len(list(trained.bundles.iterdir()))
    program = (
        "import resource, runpy, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "sys.argv = ['retrain', *sys.argv[1:]]\n"
        "runpy.run_module('cluster_core.retrain', run_name='__main__')\n"
    )
    steps = ["--how_many_training_steps=2000", "--eval_step_interval=1", "--no-early_stopping"]
    outcome = run_python("-c", program, *quick(photos), *steps)
    assert outcome.returncode == 1, outcome.stderr
    assert "Traceback" not in outcome.stderr
    *_, line = outcome.stderr.splitlines()
    assert line.startswith("Error: ")
    assert "the disk has room" in line
    assert before == (trained.retrained_graph.read_bytes(), trained.retrained_labels.read_bytes())
    assert len(list(trained.bundles.iterdir())) == n_bundles
    assert list(trained.root.rglob("*.part")) == []


def wait_until(condition, timeout_s: float = 60) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.02)


# Shells make background processes ignore Ctrl-C, and the tests may run in the background.
WITH_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("cluster_core.retrain", run_name="__main__")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_ctrl_c_stops_the_training_and_keeps_the_cache(photos, workspace, backbone, tmp_path):
    output = tmp_path / "output.txt"
    with output.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", WITH_CTRL_C, *quick(photos),
             "--how_many_training_steps=1000000", "--no-early_stopping"],
            cwd=REPOSITORY, stdout=stream, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            wait_until(lambda: "Step 100:" in output.read_text())
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
            process.communicate()
    assert process.returncode == 130
    *_, line = errors.splitlines()
    assert line.startswith("Stopped. What was computed so far is kept")
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors
    assert list(workspace.root.rglob("*.part")) == []
    assert not workspace.retrained_graph.exists()
    assert not workspace.bundles.exists() or list(workspace.bundles.iterdir()) == []
    # The lock is free again.
    again = run(*quick(photos))
    assert again.exit_code == 0, again.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pipes work differently on Windows")
def test_closed_pipe_is_not_reported_as_disk_error(photos, trained):
    flags = " ".join(f"'{flag}'" for flag in quick(photos, "--how_many_training_steps=2000"))
    command = f"'{sys.executable}' -m cluster_core.retrain {flags} --eval_step_interval=1 | head -1"
    outcome = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert outcome.stdout.startswith("Step 0: ")
    for word in ("Error", "disk", "Traceback", "Exception ignored", "Model saved"):
        assert word not in outcome.stderr


def test_program_writes_only_results_to_standard_output(photos, trained):
    outcome = run_python("-m", "cluster_core.retrain", *quick(photos))
    assert outcome.returncode == 0, outcome.stderr
    *steps, accuracy, interval, validated = outcome.stdout.splitlines()
    assert all(line.startswith("Step ") for line in steps)
    assert LAST_LINES.match(f"{accuracy}\n{interval}\n{validated}\n")
    for line in outcome.stderr.splitlines():
        assert re.match(
            r"blue stars: |red stars: |\d+ (for|set)|Only |One picture|Model saved in ", line
        )


@needs_shared
def test_article_commands_work_on_its_photos(workspace, tmp_path):
    """Run the article's training command, then label its two test pictures."""
    weights = SHARED / "weights" / "mobilenet_0.50_224_no_top.weights.h5"
    workspace.models.mkdir(parents=True)
    shutil.copy(weights, workspace.models)
    result = run(
        f"--image_dir={SHARED / 'photos' / 'cluster_photos'}",
        "--architecture=mobilenet_0.50_224",
        "--how_many_training_steps=500",
    )
    assert result.exit_code == 0, result.stderr
    # 154 photos, 5 pairs of them copies: so few test pictures give a wide confidence interval.
    assert float(LAST_LINES.search(result.stdout)[1]) >= 70
    from cluster_core import label_image

    for number, label in ((1, "open clusters"), (2, "globular clusters")):
        (picture,) = (SHARED / "photos" / "test_photos").glob(f"*{number}*")
        answer = CliRunner().invoke(label_image.main, ["--image", str(picture)])
        assert answer.exit_code == 0, answer.stderr
        assert answer.stdout.splitlines()[2].startswith(f"{label} (score=")
