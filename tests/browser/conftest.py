"""A server of its own for each file of journeys, and a real browser to visit it with."""

from __future__ import annotations

import contextlib
import os
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
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cluster_core.workspace import ROOT_VARIABLE, Workspace
from tests.samples import REPOSITORY

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Where screenshots of the journeys go, for the docs; none are taken without it.
SCREENSHOTS_VARIABLE = "CLUSTER_LAB_SCREENSHOTS"
START_TIMEOUT_S = 60
PATIENCE_MS = 30_000
DESKTOP = {"width": 1280, "height": 900}


@dataclass(frozen=True)
class Server:
    """A running app.

    Attributes
    ----------
    url : str
        Its address, without a slash at the end.
    workspace : Workspace
    process : subprocess.Popen
    log : Path
        What it printed.
    """

    url: str
    workspace: Workspace
    process: subprocess.Popen
    log: Path


@contextlib.contextmanager
def serve(folder: Path, **variables: str) -> Iterator[Server]:
    """Run the app as the README tells people to, in a workspace below `folder`."""
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
            process.wait(timeout=20)


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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app with an empty workspace."""
    with serve(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or whatever of its family is installed."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        # Whoever checks a change must have one; at home the other tests are worth running alone.
        assert "CI" not in os.environ, "there is no Chromium: apt-get install chromium"
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    """A visitor who is not known here yet."""
    context = browser.new_context(viewport=DESKTOP, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield Visit(context.new_page(), server)
    context.close()


@dataclass(frozen=True)
class Visit:
    """One visitor's tab, and what every journey does in it."""

    page: Page
    server: Server

    def open(self, path: str = "") -> None:
        """Go to an address of the app and wait until it is drawn."""
        self.page.goto(f"{self.server.url}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until the page has nothing more to draw."""
        self.page.wait_for_selector(
            '[data-testid="stApp"][data-test-script-state="notRunning"]', state="attached"
        )

    def go(self, title: str) -> None:
        """Choose a page in the sidebar."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        self.settle()

    def click(self, key: str) -> None:
        """Click the button whose widget has that key."""
        self.page.locator(f".st-key-{key} button").first.click()

    def upload(self, key: str, *files: Path) -> None:
        """Give files to the uploader whose widget has that key."""
        field = self.page.locator(f".st-key-{key} input[type=file]")
        field.set_input_files([str(file) for file in files])

    def choose_long_training(self) -> None:
        """On Hyperparameters, ask for so many steps that there is time to stop."""
        self.click("preset_article")
        self.settle()
        self.click("use_sky")
        self.settle()
        self.page.get_by_role("slider", name="Training steps").press("End")
        self.settle()

    def assert_sound(self) -> None:
        """No traceback, no apology for a bug."""
        apologies = self.page.get_by_text("Something went wrong on our side").count()
        tracebacks = self.page.get_by_test_id("stException").count()
        assert apologies + tracebacks == 0, self.server.log.read_text()

    def shoot(self, name: str) -> None:
        """Keep a picture of the page for the docs, where that is asked for."""
        folder = os.environ.get(SCREENSHOTS_VARIABLE)
        if folder:
            self.settle()
            self.page.wait_for_timeout(700)  # charts draw themselves after the page has settled
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))
