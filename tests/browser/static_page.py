"""A static page, served as any host does, and its answers."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

FILES_AT_ONCE = 50


@contextlib.contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve a folder, and yield its address without a slash at the end."""
    handler = partial(_QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@dataclass(frozen=True)
class PageAnswer:
    """What the page says about a file.

    Attributes
    ----------
    headline : str
        The answer in words.
    verdict : str
        Its kind; empty if the file was refused.
    label : str
    scores : tuple of float
        In the order of the model's labels.
    novelty : float or None
    sentence : str
        Everything the page says about the file.
    """

    headline: str
    verdict: str
    label: str
    scores: tuple[float, ...]
    novelty: float | None
    sentence: str


def open_page(page: Page, url: str) -> None:
    """Open a page, and wait until its model is ready."""
    page.goto(url)
    page.wait_for_selector("html[data-ready]")


def classify_in_page(page: Page, files: Sequence[Path]) -> list[PageAnswer]:
    """Choose files on an open page, and return its answers in the same order."""
    answers: list[PageAnswer] = []
    for start in range(0, len(files), FILES_AT_ONCE):
        portion = files[start : start + FILES_AT_ONCE]
        before = page.locator(".answer").count()
        page.set_input_files("#files", [str(path) for path in portion])
        page.wait_for_function(
            "count => document.querySelectorAll('.answer').length === count",
            arg=before + len(portion),
            timeout=120_000,
        )
        found = page.evaluate(
            """count => [...document.querySelectorAll('.answer')].slice(-count).map(card => ({
                ...card.dataset, headline: card.querySelector('h2').textContent,
                sentence: card.innerText }))""",
            len(portion),
        )
        answers += [_read_answer(record) for record in found]
    return answers


def _read_answer(record: dict[str, str]) -> PageAnswer:
    scores = record.get("scores", "[]").strip("[]").split(",")
    return PageAnswer(
        record["headline"],
        record.get("verdict", ""),
        record.get("label", ""),
        tuple(float(score) for score in scores if score),
        float(record["novelty"]) if record.get("novelty") else None,
        record["sentence"],
    )
