"""A test of any model on any dataset, which it should not know."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import streamlit as st

from cluster_core.data.catalog import dataset_dir, list_datasets
from cluster_core.data.index import Progress, scan_dataset
from cluster_core.evaluation.folder_test import FolderTest, run_folder_test
from cluster_core.evaluation.report.content import report_folder_test
from cluster_core.evaluation.report.html import make_html
from cluster_core.evaluation.words import (
    describe_rejections,
    describe_test,
    list_warnings,
)
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import model_dir
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.evaluation.confusion_matrix import show_confusion
from pages.components.evaluation.figures_view import show_figures
from pages.components.evaluation.mistakes import COLUMNS, PER_PAGE, choose_page, show_thumbnail
from pages.components.long_work import Work, is_working, start_work
from pages.components.outcome import Outcome
from pages.components.text import escape_markdown
from pages.components.words import number_duplicates

_KEY = "folder test"
_STOPPED = "Stopped. Test again to continue; what was computed so far is kept."


@dataclass(frozen=True)
class _Done:
    """The last test of this session."""

    model_id: str
    dataset: str
    bundle: ModelBundle
    test: FolderTest


def show_folder_test(workspace: Workspace, model_id: str | None, dataset: str | None) -> None:
    """Draw the choice of a model and a dataset, and the result of the last test.

    Parameters
    ----------
    workspace : Workspace
    model_id : str or None
        The model to suggest.
    dataset : str or None
        The dataset that it was trained on, which is not suggested.
    """
    models = {model.id: model.title for model in list_models(workspace) if model.is_usable}
    datasets = list_datasets(workspace)
    if not models or not datasets:
        return
    with st.expander("Test on another dataset", icon=":material/fact_check:", key="other_dataset"):
        st.caption(
            "How does a model do on labelled pictures that it never saw, such as those of another "
            "telescope or another person?"
        )
        names = dict(zip(models, number_duplicates(list(models.values())), strict=True))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox(
                "Model",
                list(models),
                index=list(models).index(model_id) if model_id in models else 0,
                format_func=names.__getitem__,
                key="folder_model",
                width=320,
            )
            others = [name for name in datasets if name != dataset]
            folder = st.selectbox(
                "Dataset",
                datasets,
                index=datasets.index(others[0]) if others else 0,
                key="folder_dataset",
                width=260,
            )
            st.button(
                "Test",
                key="test_folder",
                icon=":material/play_arrow:",
                disabled=is_working(),
                on_click=_start,
                args=(workspace, chosen, folder),
            )
        done: _Done | None = st.session_state.get(_KEY)
        if done is not None and (done.model_id, done.dataset) == (chosen, folder):
            _show(workspace, done)


def _start(workspace: Workspace, model_id: str, dataset: str) -> None:
    def resume(on_progress: Progress) -> Outcome:
        image_dir = dataset_dir(workspace, dataset)
        bundle = load_bundle(model_dir(workspace, model_id))
        with CacheFile(workspace.bottlenecks) as cache:
            index = scan_dataset(image_dir, cache, on_progress)
        test = run_folder_test(bundle, index, workspace, on_progress)
        st.session_state[_KEY] = _Done(model_id, dataset, bundle, test)
        n = len(test.pictures)
        return Outcome(f"Tested {n:,} pictures of {dataset}: see Test on another dataset, below.")

    start_work(Work(f"Testing on {dataset}", resume, lambda: Outcome(_STOPPED, is_good=False)))


def _show(workspace: Workspace, done: _Done) -> None:
    scored = done.test.pictures
    metrics = scored.metrics
    st.markdown(f"#### {describe_test(metrics)}")
    if done.test.rejections is not None:
        st.markdown(escape_markdown(describe_rejections(done.test.rejections)))
    for warning in list_warnings(done.test):
        st.warning(escape_markdown(warning), icon=":material/warning:")
    show_confusion(metrics, f"confusion_folder_{done.model_id}_{done.dataset}")
    wrong = metrics.misclassified
    if wrong:
        st.markdown("**Mistakes**, the highest scores first")
        shown = wrong[choose_page(len(wrong), PER_PAGE, "folder_page")]
        for start in range(0, len(shown), COLUMNS):
            row = shown[start : start + COLUMNS]
            for column, tested in zip(st.columns(COLUMNS), row, strict=False):
                with column:
                    path = done.test.index.image_dir / tested.path
                    words = f"{tested.path.name}: {tested.predicted}, not {tested.label}"
                    show_thumbnail(workspace, path, words)
    show_figures(scored, None, done.model_id, "folder")
    st.download_button(
        "Download report",
        lambda: _make_report(workspace, done),
        file_name=f"evaluation-{done.dataset}.html",
        mime="text/html",
        key="download_folder_report",
        icon=":material/download:",
        on_click="ignore",
    )


def _make_report(workspace: Workspace, done: _Done) -> str:
    named = shlex.join((done.bundle.name, done.test.index.image_dir.name))
    command = f"python -m cluster_core evaluate {named}"
    return make_html(report_folder_test(done.bundle, done.test, command), workspace)
