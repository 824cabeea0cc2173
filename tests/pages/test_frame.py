"""Everything around a page: navigation, sidebar, choices and error boundary."""

from __future__ import annotations

from dataclasses import replace

import pytest
import streamlit as st
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.errors import DatasetError, RunError
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import RunState, delete_run, submit_run
from cluster_core.training.runs.folder import save_status
from pages.components import active_training, error_boundary, sidebar
from pages.components.navigation import TITLES, PageFile
from pages.components.selection import Choice
from pages.components.text import escape_markdown
from tests.pages.opening import open_file
from tests.samples import OWNER, REPOSITORY, write_photos


def open_frame(**query: str) -> AppTest:
    return open_file("main.py", **query)


def list_links(page: AppTest) -> list[str]:
    return [link.proto.label for link in page.sidebar.get("page_link")]


def submit(workspace, **changes) -> str:
    status = submit_run(OWNER, workspace, TrainConfig(workspace.cluster_photos))
    save_status(workspace, replace(status, **changes))
    return status.id


def list_progress(page: AppTest) -> list[str]:
    return [bar.proto.text.replace(r"\:", ":") for bar in page.sidebar.get("progress")]


def test_pages_are_in_workflow_order():
    titles = [title for title, _ in TITLES.values()]
    assert titles == [
        "Home",
        "Dataset",
        "Label",
        "Hyperparameters",
        "Training",
        "Evaluation",
        "Classify",
        "Models",
    ]
    assert list(TITLES) == list(PageFile)
    assert all((REPOSITORY / "pages" / file).exists() for file in PageFile)


def test_sidebar_of_empty_workspace_shows_no_dataset_and_starter_model(workspace):
    assert list_links(open_frame()) == ["**none yet**", "**Starter model**"]


def test_sidebar_shows_chosen_dataset_and_model(trained):
    write_photos(trained.root / "a_b_photos", 1)
    (folder,) = trained.bundles.iterdir()
    page = open_frame(dataset="a_b", model=folder.name)
    assert list_links(page)[0] == r"**a\_b**"
    assert list_links(page)[1] != "**Starter model**"
    assert list_links(open_frame(dataset="a_b", model="starter"))[1] == "**Starter model**"


@pytest.mark.parametrize("unknown", ["gone", "../../etc", "*[x](y)*", "a" * 3_000])
def test_unknown_ids_in_address_are_ignored(trained, unknown):
    page = open_frame(dataset=unknown, model=unknown, run=unknown)
    assert len(list_links(page)) == 2
    assert not any(unknown[:20] in label for label in list_links(page))


def test_choice_from_address_is_kept_in_session(trained):
    write_photos(trained.root / "mine_photos", 1)
    page = open_frame(dataset="mine")
    assert page.session_state["chosen dataset"] == "mine"
    # Going to another page clears the URL parameters.
    page.query_params.clear()
    page.run()
    assert list_links(page)[0] == "**mine**"
    assert page.query_params[Choice.DATASET] == "mine"


@pytest.mark.parametrize(
    "name", ["night of the open clusters, with the Moon up", "W" * 20, "星" * 20]
)
def test_wide_names_end_with_an_ellipsis(workspace, name):
    write_photos(workspace.root / f"{name}_photos", 1)
    label = list_links(open_frame())[0].strip("*")
    assert label.endswith("…")
    assert name.startswith(label[:-1])


def test_new_tab_opens_the_dataset_used_last(trained):
    write_photos(trained.root / "mine_photos", 1)
    open_frame(dataset="mine")
    assert list_links(open_frame())[0] == "**mine**"


def test_address_is_updated_once_with_all_choices_in_fixed_order(workspace, monkeypatch):
    page = open_frame(model="starter", run="some_run")
    written = []
    monkeypatch.setattr(
        QueryParams, "_send_query_param_msg", lambda params: written.append(params.to_dict())
    )
    page.session_state["chosen dataset"] = "cluster"
    page.query_params.clear()
    page.run()
    assert [list(params.items()) for params in written] == [
        [("dataset", "cluster"), ("run", "some_run"), ("model", "starter")]
    ]


def test_address_takes_precedence_over_session(workspace):
    for name in ("first", "second"):
        write_photos(workspace.root / f"{name}_photos", 1)
    page = open_frame(dataset="first")
    page.query_params["dataset"] = "second"
    page.run()
    assert list_links(page)[0] == "**second**"
    assert page.session_state["chosen dataset"] == "second"


def test_sidebar_shows_training_in_progress(workspace, visited_pages):
    run_id = submit(
        workspace, state=RunState.RUNNING, stage="Training", done=20, total=80, dataset="a_b"
    )
    page = open_frame()
    assert list_progress(page) == [r"a\_b: training"]
    assert page.sidebar.get("progress")[0].proto.value == 25
    page.button(key="sidebar_training").click().run()
    assert visited_pages == ["training.py"]
    assert page.query_params[Choice.RUN] == run_id


def test_late_repetition_of_an_earlier_run_finds_nothing_to_repeat(workspace, monkeypatch):
    submit(workspace)
    repeated = []
    fragment = st.fragment
    monkeypatch.setattr(
        st, "fragment", lambda draw, **how: repeated.append(draw) or fragment(draw, **how)
    )
    open_frame().run()
    names = [draw.__qualname__ for draw in repeated if "_show_training" in draw.__qualname__]
    assert len(names) == 2
    assert len(set(names)) == 2


def test_sidebar_shows_queued_training(workspace):
    submit(workspace)
    assert list_progress(open_frame()) == ["cluster: queued"]


def test_sidebar_prefers_training_in_progress_to_queued_ones(workspace):
    submit(workspace, dataset="first")
    submit(workspace, dataset="second", state=RunState.RUNNING)
    submit(workspace, dataset="third")
    assert list_progress(open_frame()) == ["second: starting"]


def test_sidebar_shows_next_queued_training(workspace):
    submit(workspace, dataset="first")
    submit(workspace, dataset="second")
    assert list_progress(open_frame()) == ["first: queued"]


@pytest.mark.parametrize("state", [state for state in RunState if state.is_over])
def test_sidebar_omits_finished_training(workspace, state):
    submit(workspace, state=state)
    assert list_progress(open_frame()) == []


def test_sidebar_omits_training_deleted_in_another_tab(workspace, monkeypatch):
    run_id = submit(workspace, state=RunState.DISCARDED)
    status = replace(sidebar.load_status(workspace, run_id), state=RunState.RUNNING)
    delete_run(OWNER, workspace, run_id)
    monkeypatch.setattr(active_training, "list_runs", lambda _: (status,))
    assert list_progress(open_frame()) == []


def test_unreadable_workspace_does_not_break_the_page(workspace, monkeypatch):
    def fail(*_):
        raise RunError("It cannot be read.")

    for name in ("get_active_dataset", "list_offered"):
        monkeypatch.setattr(sidebar, name, fail)
    monkeypatch.setattr(active_training, "list_runs", fail)
    page = open_frame()
    assert list_links(page) == ["**cannot be read**"] * 2
    assert page.title[0].value == "Cluster Lab"


def test_public_demo_explains_what_visitors_can_do(workspace, monkeypatch):
    assert not open_frame().sidebar.info
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    (note,) = open_frame().sidebar.info
    assert "you can classify your own pictures" in note.value


@pytest.mark.parametrize("text", ["plain words", "M 13", "138\u00a0kB", "Kugelhäufen 🔭"])
def test_plain_text_is_not_escaped(text):
    assert escape_markdown(text) == text


@pytest.mark.parametrize("text", ["**bold**", "[a](http://x)", ":red[x]", "<b>", "$x$", "- a"])
def test_markdown_syntax_is_escaped(text):
    escaped = escape_markdown(text)
    assert escaped != text
    assert escaped.replace("\\", "") == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\n\n- b\n- c", "a - b - c"), ("a\n---", "a ---"), ("    code", "code"), ("\tcode", "code")],
)
def test_line_breaks_and_indents_start_no_markdown_block(text, shown):
    assert escape_markdown(text) == shown


@pytest.mark.parametrize("is_known", [True, False])
def test_error_boundary_shows_message_or_logged_id(monkeypatch, caplog, is_known):
    shown = []
    monkeypatch.setattr(error_boundary.st, "error", lambda text, **_: shown.append(text))
    error = DatasetError("Put pictures there.", path=None) if is_known else ValueError("a bug")
    assert error_boundary.show_error(error) is True
    if is_known:
        assert shown == ["Put pictures there."]
        assert not caplog.records
    else:
        assert "a bug" not in shown[0]
        error_id = shown[0].split("the id ")[1].split()[0]
        assert error_id in caplog.text
        assert "ValueError: a bug" in caplog.text


def test_app_uses_error_boundary():
    source = (REPOSITORY / "app.py").read_text("utf-8")
    assert "on_script_error=show_error" in source
