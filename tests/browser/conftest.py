"""App servers, and a real browser to visit them with."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from cluster_core.workspace import ROOT_VARIABLE, Workspace
from tests.samples import REPOSITORY

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Folder for the screenshots in the docs; without it none are taken.
SCREENSHOTS_VARIABLE = "CLUSTER_LAB_SCREENSHOTS"
START_TIMEOUT_S = 120
PATIENCE_MS = 60_000
# A worker has low priority, and loads TensorFlow first.
TRAINING_MS = 300_000
# The progress of a training that has begun to learn, so that there is a model to keep.
TRAINING_STEPS = re.compile(r"^Training: [\d,]+ of")
DESKTOP = ViewportSize(width=1280, height=900)


@dataclass(frozen=True)
class Server:
    """A running app.

    Attributes
    ----------
    url : str
        Its address, without a trailing slash.
    workspace : Workspace
    process : subprocess.Popen
    log : Path
        Its standard output and error.
    """

    url: str
    workspace: Workspace
    process: subprocess.Popen
    log: Path


@contextlib.contextmanager
def serve(folder: Path, **variables: str) -> Iterator[Server]:
    """Run the app, in a workspace below `folder`, and yield it once it answers."""
    folder.mkdir(parents=True, exist_ok=True)
    workspace = Workspace(folder / "tf_files")
    port = find_free_port()
    log = folder / "server.log"
    environment = {**os.environ, ROOT_VARIABLE: str(workspace.root), **variables}
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    command += ["--server.port", str(port), "--server.headless", "true"]
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdout=stream, stderr=stream
        )
        try:
            url = f"http://localhost:{port}"
            wait_until_healthy(url, process, log)
            yield Server(url, workspace, process, log)
        finally:
            process.terminate()
            process.wait(timeout=60)


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{url}/_stcore/health") as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"The server did not answer.\n{log.read_text()}")


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app that most modules share; starting one takes seconds."""
    with serve(tmp_path_factory.mktemp("server")) as app:
        yield app


@pytest.fixture(scope="module")
def server(running: Server) -> Iterator[Server]:
    """An app with an empty workspace. A module that trains overrides this with its own."""
    yield running
    for entry in running.workspace.root.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Launch Chromium or Chrome."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        # CI must have a browser; elsewhere the other tests are worth running alone.
        assert "CI" not in os.environ, "Chromium is not installed: apt-get install chromium"
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    """Open a tab with a new session."""
    context = browser.new_context(viewport=DESKTOP, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    messages: list[str] = []
    context.on("console", lambda message: messages.append(message.text))
    yield Visit(context.new_page(), server)
    context.close()
    assert not [text for text in messages if "Content Security Policy" in text]


@dataclass(frozen=True)
class Visit:
    """A visitor's tab, with the actions that tests share."""

    page: Page
    server: Server

    def open(self, path: str = "") -> None:
        """Open an address of the app and wait until the page is drawn."""
        self.page.goto(f"{self.server.url}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until the script of the page has finished."""
        self.page.wait_for_selector(
            '[data-testid="stApp"][data-test-script-state="notRunning"]', state="attached"
        )

    def go(self, title: str) -> None:
        """Open a page from the sidebar."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        self.settle()

    def click(self, key: str) -> None:
        """Click the button with this widget key."""
        self.page.locator(f".st-key-{key} button").first.click()

    def upload(self, key: str, *files: Path) -> None:
        """Upload files to the uploader with this widget key."""
        field = self.page.locator(f".st-key-{key} input[type=file]")
        field.set_input_files([str(file) for file in files])

    def set_long_training(self) -> None:
        """On Hyperparameters, set enough steps to leave time for stopping the training."""
        self.click("preset_article")
        self.settle()
        self.click("use_auto")  # MobileNet may have to be downloaded
        self.settle()
        steps = self.page.get_by_role("slider", name="Training steps")
        steps.first.press("End")  # while the page is redrawn after a trial, there are two
        self.settle()
        expect(steps).to_have_count(1)
        if steps.input_value() != steps.get_attribute("max"):  # the press met the one that went
            steps.press("End")
            self.settle()

    def assert_sound(self) -> None:
        """Check that the page shows no traceback and no error message for a bug."""
        apologies = self.page.get_by_text("Something went wrong on our side").count()
        tracebacks = self.page.get_by_test_id("stException").count()
        assert apologies + tracebacks == 0, self.server.log.read_text()

    def shoot(self, name: str) -> None:
        """Save a screenshot for the docs, if a folder for them is set."""
        if SCREENSHOTS_VARIABLE in os.environ:
            self.settle()
            shoot_page(self.page, name)


def shoot_page(page: Page, name: str) -> None:
    """Save a screenshot of a page for the docs, if a folder for them is set."""
    if folder := os.environ.get(SCREENSHOTS_VARIABLE):
        page.wait_for_timeout(700)  # charts appear after the script has finished
        page.screenshot(path=str(Path(folder) / f"{name}.png"))
