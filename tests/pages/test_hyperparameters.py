"""The Hyperparameters page: empty, filled in, with invalid settings, and as a public demo."""

from __future__ import annotations

import errno
import shlex
from dataclasses import fields

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.errors import RunError
from cluster_core.model.backbones.registry import list_backbones
from cluster_core.model.head.settings import Evaluation
from cluster_core.training.choice.decision import NetworkChoice, choose_by_figures
from cluster_core.training.config import TrainConfig
from cluster_core.training.presets import DEFAULTS, PRESETS, SCRIPT_OF_2018
from cluster_core.training.runs import folder as run_folder
from cluster_core.training.runs import list_runs, load_config, request_stop, submit_run
from pages.components import network_choice
from pages.components.charts import Measure
from pages.components.hyperparameters import start_button
from pages.components.hyperparameters.architecture_cards import FAMILIES
from pages.components.hyperparameters.preset_buttons import ARTICLE_URL, LABELS
from pages.components.settings_list import ALL_SETTINGS, key_of
from tests.drawn_pictures import write_shapes
from tests.pages.opening import open_file
from tests.samples import COLOURS, OWNER, REPOSITORY, write_photos

PAGE = str(REPOSITORY / "pages" / "hyperparameters.py")


@pytest.fixture
def dataset(workspace):
    return write_photos(workspace.cluster_photos, 12)


def open_page(**query: str) -> AppTest:
    return open_file("hyperparameters.py", **query)


def read_settings(page: AppTest) -> dict:
    """Return the settings in the command on the page."""
    from cluster_core import retrain

    words = shlex.split(page.code[0].value)
    at = words.index("cluster_core.retrain")
    parameters = retrain.main.make_context("retrain", words[at + 1 :]).params
    return {name: parameters[name] for name in DEFAULTS}


def find(page: AppTest, key: str):
    (widget,) = (
        widget
        for kind in ("select_slider", "toggle", "number_input", "selectbox", "text_input")
        for widget in getattr(page, kind)
        if widget.key == key
    )
    return widget


def test_page_without_pictures_links_to_the_dataset(workspace, visited_pages):
    page = open_page()
    assert "no pictures to learn from" in page.info[0].value
    assert not page.code
    page.button(key="to_dataset").click().run()
    assert visited_pages == ["dataset.py"]


def test_every_setting_has_a_widget_with_the_article_default_in_its_help(dataset):
    page = open_page()
    assert {setting.name for setting in ALL_SETTINGS} == set(DEFAULTS)
    for setting in ALL_SETTINGS:
        if setting.name == "architecture":
            continue
        help_text = find(page, setting.key).help
        assert help_text.startswith(setting.sentence)
        if setting.name in SCRIPT_OF_2018:
            assert "Default in the 2018 article: " in help_text
        else:
            assert "no such setting" in help_text
    defaults = {
        "how_many_training_steps": "4,000",
        "learning_rate": "0.01",
        "testing_percentage": "10%",
        "flip_left_right": "off",
        "test_batch_size": "all",
    }
    for name, default in defaults.items():
        assert f"Default in the 2018 article: {default}." in find(page, key_of(name)).help


def test_every_network_is_on_exactly_one_card():
    names = [name for family in FAMILIES for name in family.names]
    assert sorted(names) == sorted(spec.name for spec in list_backbones())
    assert FAMILIES[0].names == ("sky",)


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_sets_its_settings(dataset, preset):
    page = open_page()
    find(page, "setting_seed").set_value(7)
    find(page, "setting_random_crop").set_value(10)
    page.run()
    page.button(key=f"preset_{preset.lower()}").click().run()
    assert not page.exception
    assert read_settings(page) == PRESETS[preset].settings
    label = LABELS.get(preset, preset)
    assert page.button(key=f"preset_{preset.lower()}").label == f"{label} (selected)"
    assert any(caption.value.startswith(PRESETS[preset].sentence) for caption in page.caption)


def test_preset_announces_the_download_of_its_network(dataset, workspace):
    article = PRESETS["Article"].sentence
    (caption,) = (c.value for c in open_page().caption if c.value.startswith(article))
    assert caption.endswith("Its network is downloaded first (3 MB).")
    workspace.models.mkdir()
    (workspace.models / "mobilenet_0.50_224_no_top.weights.h5").touch()
    (caption,) = (c.value for c in open_page().caption if c.value.startswith(article))
    assert "downloaded" not in caption


def test_selected_network_without_weights_offers_ways_to_get_them(dataset, workspace, monkeypatch):
    def list_keys(page):
        return {button.key for button in page.button}

    download = "download_mobilenet_0.50_224"
    page = open_page()
    assert download not in list_keys(page), "the automatic choice takes only what is there"
    page.button(key="preset_article").click().run()
    assert download in list_keys(page)
    (uploader,) = page.file_uploader
    assert uploader.key == "weights_mobilenet_0.50_224"
    workspace.models.mkdir(parents=True, exist_ok=True)
    (workspace.models / "mobilenet_0.50_224_no_top.weights.h5").touch()
    assert download not in list_keys(page.run())
    (workspace.models / "mobilenet_0.50_224_no_top.weights.h5").unlink()
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    assert download not in list_keys(page.run())


def test_changed_settings_appear_in_the_command_and_persist(dataset):
    page = open_page()
    find(page, "setting_how_many_training_steps").set_value(200)
    find(page, "setting_learning_rate").set_value(0.5)
    find(page, "setting_sky_views").set_value("off")
    find(page, "setting_early_stopping").set_value(False)
    page.run()
    settings = read_settings(page)
    assert settings == {
        **DEFAULTS,
        "architecture": "auto",
        "how_many_training_steps": 200,
        "learning_rate": 0.5,
        "sky_views": False,
        "early_stopping": False,
    }
    page.run()
    assert read_settings(page) == settings


def test_value_of_an_earlier_run_is_added_to_the_slider(dataset):
    page = AppTest.from_file(PAGE, default_timeout=20)
    page.session_state[key_of("how_many_training_steps")] = 1234
    page.session_state[key_of("testing_percentage")] = 33.3
    page.run()
    assert not page.exception
    assert find(page, "setting_how_many_training_steps").value == 1234
    assert read_settings(page)["testing_percentage"] == 33.3


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"testing_percentage": 60, "validation_percentage": 40},
            "Test pictures and Validation pictures add up to 100",
        ),
        ({"weight_decay": 1, "learning_rate": 5}, "Simplicity (weight decay) must be at most 1"),
        ({"final_tensor_name": "input"}, "Output name must be"),
    ],
)
def test_invalid_setting_is_reported(dataset, values, words):
    page = open_page()
    for name, value in values.items():
        find(page, key_of(name)).set_value(value)
    page.run()
    assert not page.exception
    (error,) = page.error
    assert words in error.value.replace("\\", "")
    assert page.button(key="train").disabled
    assert not page.code


def test_networks_are_selected_on_their_cards(dataset):
    page = open_page()
    page.button(key="use_inception_v3").click().run()
    assert read_settings(page)["architecture"] == "inception_v3"
    page.button(key="use_mobilenet_0.25_128").click().run()
    assert read_settings(page)["architecture"] == "mobilenet_0.50_224"
    page.selectbox(key="mobilenet_width").set_value("0.25").run()
    page.selectbox(key="mobilenet_size").set_value(160).run()
    assert read_settings(page)["architecture"] == "mobilenet_0.25_160"
    page.button(key="use_sky").click().run()
    page.selectbox(key="mobilenet_size").set_value(192).run()
    assert read_settings(page)["architecture"] == "sky"
    assert not page.exception


def test_train_queues_a_training_and_opens_it(dataset, workspace, visited_pages):
    page = open_page()
    find(page, "setting_how_many_training_steps").set_value(200)
    page.run()
    page.button(key="train").click().run()
    assert not page.exception
    (status,) = list_runs(workspace)
    assert load_config(workspace, status.id).how_many_training_steps == 200
    assert visited_pages == ["training.py"]
    assert page.query_params["run"] == status.id


def test_full_disk_is_reported_beside_the_button(dataset, workspace, visited_pages, monkeypatch):
    def fail(folder, config):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(run_folder, "save_config", fail)
    page = open_page()
    page.button(key="train").click().run()
    assert not page.exception
    assert "make sure that the disk has room" in page.error[0].value
    assert not visited_pages
    assert list_runs(workspace) == ()


def test_split_is_shown_before_training(dataset):
    page = open_page()
    assert any("for training" in text.value for text in page.markdown)
    assert not page.button(key="train").disabled


def test_single_class_is_reported_before_training(workspace):
    write_photos(workspace.cluster_photos, 5, dict([next(iter(COLOURS.items()))]))
    page = open_page()
    assert "only one class" in page.error[0].value
    assert page.button(key="train").disabled


def test_too_few_pictures_are_reported_before_training(workspace):
    write_photos(workspace.cluster_photos, 2)
    page = open_page()
    assert "2 usable pictures" in page.error[0].value
    find(page, "setting_testing_percentage").set_value(0)
    page.run()
    assert not page.error
    assert not page.button(key="train").disabled


def test_page_links_to_the_article_that_the_readme_names(dataset):
    assert any(ARTICLE_URL in caption.value for caption in open_page().caption)
    assert ARTICLE_URL in (REPOSITORY / "README.md").read_text("utf-8")


def test_missing_dataset_is_reported_and_another_is_used(dataset):
    page = open_page(dataset="no[t]hing")
    assert 'There is no dataset "no\\[t\\]hing". ' in page.warning[0].value
    assert page.selectbox(key="hyperparameters_dataset").value == "cluster"


def test_another_dataset_can_be_selected(dataset, workspace):
    write_photos(workspace.root / "dog_photos", 4)
    page = open_page(dataset="dog")
    assert "dog_photos" in page.code[0].value
    page.selectbox(key="hyperparameters_dataset").set_value("cluster").run()
    assert "cluster_photos" in page.code[0].value
    assert page.query_params["dataset"] == "cluster"


EXPLANATIONS = [measure.explanation for measure in Measure]


class WarmSupervisor:
    """A stand-in for a supervisor whose worker has the bottlenecks cached."""

    def __init__(self, knows: bool = True, is_warm: bool = True) -> None:
        self.knows = knows
        self.is_warm = is_warm
        self.asked: list[TrainConfig] = []

    def preview(self, access, config, timeout_s=10.0):
        self.asked.append(config)
        steps = range(0, config.how_many_training_steps, 50)
        return tuple(Evaluation(s, 0.8, 0.4, 0.75, 0.5, 4) for s in steps) if self.knows else None


def test_preview_is_recomputed_only_when_a_setting_changes(dataset, monkeypatch):
    supervisor = WarmSupervisor()
    monkeypatch.setattr(start_button, "find_supervisor", lambda: supervisor)
    page = open_page()
    assert len(page.get("vega_lite_chart")) == 2
    captions = [caption.value for caption in page.caption]
    assert any("75% of 4 validation pictures" in caption for caption in captions)
    assert [caption for caption in captions if caption in EXPLANATIONS] == EXPLANATIONS
    page.run()
    assert len(supervisor.asked) == 1
    find(page, "setting_learning_rate").set_value(0.1)
    page.run()
    assert [config.learning_rate for config in supervisor.asked] == [0.01, 0.1]


@pytest.mark.parametrize(
    ("supervisor", "words"),
    [
        (None, "Where training is turned on"),
        (WarmSupervisor(is_warm=False), "Once the training program has started"),
        (WarmSupervisor(knows=False), "Train once"),
    ],
)
def test_missing_preview_is_explained(dataset, monkeypatch, supervisor, words):
    monkeypatch.setattr(start_button, "find_supervisor", lambda: supervisor)
    page = open_page()
    assert not page.get("vega_lite_chart")
    assert words in page.info[0].value


def test_estimate_includes_the_start_of_the_training_program_until_it_has_started(
    dataset, workspace, monkeypatch
):
    supervisor = WarmSupervisor(knows=False, is_warm=False)
    monkeypatch.setattr(start_button, "find_supervisor", lambda: supervisor)
    page = open_page()
    assert "adds about ten seconds" in find_estimate(page)
    run_id = submit_run(OWNER, workspace, TrainConfig(workspace.cluster_photos)).id
    assert "when the training that is running has finished" in find_estimate(page.run())
    request_stop(OWNER, workspace, run_id, False)
    supervisor.is_warm = True
    assert find_estimate(page.run()).endswith("or less if it stops early.")


def find_estimate(page: AppTest) -> str:
    (sentence,) = (text.value for text in page.markdown if "material/timer" in text.value)
    return sentence


def test_preview_waits_while_a_training_runs(dataset, workspace, monkeypatch):
    submit_run(OWNER, workspace, TrainConfig(workspace.cluster_photos))
    supervisor = WarmSupervisor(knows=False)
    monkeypatch.setattr(start_button, "find_supervisor", lambda: supervisor)
    assert "A training is running" in open_page().info[0].value


def test_defaults_cover_every_setting():
    left_out = ("_dir", "_graph", "_labels", "split_version")
    assert set(DEFAULTS) == {f.name for f in fields(TrainConfig) if not f.name.endswith(left_out)}


def make_choice(accuracies: dict[str, float], star_share: float = 0.0) -> NetworkChoice:
    """Return the choice after a trial on 100 pictures with these accuracies."""
    shares = {
        name: (np.arange(100) < 100 * accuracy).astype(float)
        for name, accuracy in accuracies.items()
    }
    return choose_by_figures(shares, np.arange(100), star_share)


def list_badges(page: AppTest) -> list[str]:
    return [text.value for text in page.markdown if "badge[" in text.value]


def test_trial_runs_by_itself_and_recommends_with_figures(workspace):
    write_shapes(workspace.cluster_photos, 8)
    page = open_page()
    words = [text.value for text in page.markdown]
    (result,) = [text for text in words if "For these pictures: " in text]
    assert "Everyday, " in result
    assert "% in a trial against " in result
    (badge,) = [text for text in list_badges(page) if "recommended" in text]
    at = words.index(badge)
    assert "**Everyday**" in words[at - 1]
    assert any("Measured on " in text.help for text in page.markdown)


def test_recommendation_follows_the_trial_and_nothing_else(dataset, monkeypatch):
    sky = make_choice({"sky": 0.93, "everyday": 0.8}, 0.9)
    monkeypatch.setattr(network_choice, "find_choice", lambda *_: sky)
    words = [text.value for text in open_page().markdown]
    assert any("For these pictures: Sky, 93% in a trial against 80%" in text for text in words)
    assert [words[at - 1] for at, text in enumerate(words) if "recommended" in text] == ["**Sky**"]


def test_without_a_trial_no_network_is_recommended_and_a_button_offers_it(dataset, monkeypatch):
    tried = []
    monkeypatch.setattr(network_choice, "MAX_UNASKED_S", -1)
    monkeypatch.setattr(
        network_choice,
        "choose_network",
        lambda *_: tried.append(1) or make_choice({"sky": 0.6, "everyday": 0.97}),
    )
    page = open_page()
    assert not any("recommended" in text for text in list_badges(page))
    assert not tried
    assert page.button(key="try_networks").label.startswith("Try the networks (about ")
    page.button(key="try_networks").click().run()
    assert len(tried) == 1
    assert any("Everyday, 97% in a trial" in text.value for text in page.markdown)
    page.run()
    assert len(tried) == 1


def test_failed_trial_is_reported_once_and_can_be_repeated(dataset, monkeypatch):
    def fail(*_):
        raise RunError("The cache is full.")

    monkeypatch.setattr(network_choice, "choose_network", fail)
    page = open_page()
    assert page.error[0].value == "The cache is full."
    page.run()
    assert not page.error
    assert page.button(key="try_networks")


def test_visitors_of_a_public_demo_start_no_trial(dataset, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    monkeypatch.setattr(network_choice, "choose_network", lambda *_: pytest.fail("tried"))
    page = open_page()
    assert not any(button.key == "try_networks" for button in page.button)


def test_automatic_is_the_default_and_can_be_chosen_again(dataset, monkeypatch):
    monkeypatch.setattr(
        network_choice, "find_choice", lambda *_: make_choice({"sky": 0.9, "everyday": 0.5})
    )
    page = open_page()
    assert read_settings(page)["architecture"] == "auto"
    page.button(key="use_everyday").click().run()
    assert read_settings(page)["architecture"] == "everyday"
    page.button(key="use_auto").click().run()
    assert read_settings(page)["architecture"] == "auto"


def test_preview_uses_the_chosen_network(dataset, monkeypatch):
    supervisor = WarmSupervisor()
    monkeypatch.setattr(start_button, "find_supervisor", lambda: supervisor)
    monkeypatch.setattr(
        network_choice, "find_choice", lambda *_: make_choice({"sky": 0.5, "everyday": 0.9})
    )
    open_page()
    assert [config.architecture for config in supervisor.asked] == ["everyday"]


def test_terms_of_the_field_stand_beside_plain_names(workspace):
    page = open_page()
    assert page.number_input(key="setting_seed").label == "Random start (seed)"
    labels = {slider.key: slider.label for slider in page.select_slider}
    assert labels["setting_train_batch_size"] == "Pictures per step (batch size)"
    assert labels["setting_weight_decay"] == "Simplicity (weight decay)"
    assert "**Altered pictures (distortions)**" in [text.value for text in page.markdown]
