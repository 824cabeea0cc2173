"""The largest file that can be uploaded, one uploader for all pages, and files it refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import streamlit as st
from streamlit import config
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cluster_core.access import Action, Mode, read_mode
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

_OPTION = "server.maxUploadSize"
DEMO_MAX_MB = 20
_MAX_NAMED, _MAX_NAME_LENGTH = 10, 100
_DELAY_MS = 500
Uploaded: TypeAlias = UploadedFile | list[UploadedFile] | None

# Streamlit refuses a file in the browser and tells the server nothing. This watches the same
# events, so that the page can say why, and need not leave older answers below.
_WATCHER = """
export default function ({ data, setTriggerValue }) {
  // As Streamlit's uploader counts.
  const bytesPerMb = /^Win/i.test(navigator.platform) ? 1024 ** 2 : 1000 ** 2;
  const isRefused = (file) =>
    file.size > data.maxMb * bytesPerMb ||
    (data.suffixes.length > 0 &&
      !data.suffixes.some((suffix) => file.name.toLowerCase().endsWith(suffix)));
  const watch = (event) => {
    const area = document.querySelector(`.st-key-${data.area}`);
    if (!area || !area.contains(event.target)) return;
    const dropped = event.dataTransfer;
    let files = Array.from((dropped || event.target).files || []);
    if (dropped) {
      const entries = Array.from(dropped.items || []).map(
        (item) => item.webkitGetAsEntry && item.webkitGetAsEntry());
      files = files.filter((_, n) => !(entries[n] && entries[n].isDirectory));
    }
    const refused = files.filter(isRefused).slice(0, 100);
    if (refused.length > 0 || (data.isShown && files.length > 0)) {
      const report = {
        total: files.length,
        files: refused.map((file) => [file.name, file.size / bytesPerMb]),
      };
      // Streamlit asks the server where to upload the others. A rerun at the same moment would
      // drop the answer, and with it the files.
      const delayMs = refused.length < files.length ? data.delayMs : 0;
      setTimeout(() => setTriggerValue("refused", report), delayMs);
    }
  };
  document.addEventListener("change", watch, true);
  document.addEventListener("drop", watch, true);
  return () => {
    document.removeEventListener("change", watch, true);
    document.removeEventListener("drop", watch, true);
  };
}
"""
_watch = st.components.v2.component("upload_watcher", js=_WATCHER)


def limit_uploads() -> None:
    """Lower the limit of the whole server in a public demo. To be called when it starts."""
    # Nobody has opened a page yet, so the mode counts and not who is there.
    if read_mode() is Mode.DEMO:
        config.set_option(_OPTION, min(int(st.get_option(_OPTION)), DEMO_MAX_MB))


def get_max_upload_mb() -> int:
    """Return the largest size of an uploaded file, in MB.

    It is the option `server.maxUploadSize`, 200 unless it was set otherwise, and at most 20 in a
    public demo, whose visitors share the server's memory.
    """
    allowed = int(st.get_option(_OPTION))
    access = get_access()
    is_owner = access.allows(Action.EDIT_DATASETS) and access.root is None
    return allowed if is_owner else min(allowed, DEMO_MAX_MB)


def show_uploader(
    area: str,
    key: str,
    label: str,
    *,
    on_all_refused: Callable[[], None] | None = None,
    explains: bool = True,
    **options: Any,
) -> Uploaded:
    """Draw an uploader, and a sentence for each file that it refused.

    Parameters
    ----------
    area : str
        Key of the container around it.
    key : str
        Key of the widget. A new one replaces the uploader by an empty one.
    label : str
        Markdown.
    on_all_refused : callable, optional
        Called when every file of an attempt was refused.
    explains : bool
        Whether to draw the sentences; a page that folds its uploader calls `show_refused` itself.
    **options
        For `st.file_uploader`.

    Returns
    -------
    UploadedFile, list of UploadedFile or None
        As `st.file_uploader` does.
    """
    with st.container(key=area, gap="xsmall"):
        max_mb = get_max_upload_mb()
        found: Uploaded = st.file_uploader(label, key=key, max_upload_size=max_mb, **options)
        is_folder = options.get("accept_multiple_files") == "directory"
        suffixes = [] if is_folder else [str(one).lower() for one in options.get("type", ())]
        watcher_key = f"{area}_watcher"

        def take_refused() -> None:
            report = st.session_state.get(watcher_key, {}).get("refused")
            total, refused = _check_report(report)
            st.session_state[_name_state(area)] = _describe_refused(refused, max_mb)
            if refused and len(refused) >= total and on_all_refused is not None:
                on_all_refused()

        _watch(
            key=watcher_key,
            data={
                "area": area,
                "maxMb": max_mb,
                # Of a list, Streamlit asks pandas and PyArrow whether it is a table: 70 MB.
                "suffixes": tuple(one if one.startswith(".") else f".{one}" for one in suffixes),
                "isShown": bool(st.session_state.get(_name_state(area))),
                "delayMs": _DELAY_MS,
            },
            on_refused_change=take_refused,
        )
        if explains:
            show_refused(area)
    return found


def show_refused(area: str) -> None:
    """Draw a sentence for each file that the uploader of an area refused."""
    for sentence in st.session_state.get(_name_state(area), ()):
        st.error(escape_markdown(sentence), icon=":material/block:")


def forget_upload(file: UploadedFile) -> None:
    """Make Streamlit drop its copy of a file, which it otherwise keeps for the whole session."""
    context = get_script_run_ctx()
    remove = getattr(context and context.uploaded_file_mgr, "remove_file", None)
    if context and remove:
        remove(session_id=context.session_id, file_id=file.file_id)


def _name_state(area: str) -> str:
    return f"refused by {area}"


def _check_report(report: Any) -> tuple[int, list[tuple[str, float]]]:
    """Return the number of files, and name and MB of the refused ones, if they make sense."""
    match report:
        case {"total": int() as total, "files": list() as files}:
            return total, [
                (name[:_MAX_NAME_LENGTH], size) for name, size in filter(_is_file, files)
            ]
    return 0, []


def _is_file(value: Any) -> bool:
    match value:
        case [str(), int() | float()]:
            return True
    return False


def _describe_refused(refused: Sequence[tuple[str, float]], max_mb: int) -> list[str]:
    sentences = [
        f"{name} is {size_mb:,.1f} MB; files may be up to {max_mb} MB."
        if size_mb > max_mb
        else f"{name} was not added: this type of file cannot be used here."
        for name, size_mb in refused[:_MAX_NAMED]
    ]
    if len(refused) > _MAX_NAMED:
        sentences.append(f"{len(refused) - _MAX_NAMED} more files were not added.")
    return sentences
