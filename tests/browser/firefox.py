"""Firefox, driven by WebDriver BiDi: https://w3c.github.io/webdriver-bidi/."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

FIREFOXES = ("firefox-esr", "firefox")
TIMEOUT_S = 60
_ADDRESS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


class FirefoxTab:
    """A tab of a running Firefox.

    Parameters
    ----------
    connection : ClientConnection
        To its WebDriver BiDi.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._send("session.new", capabilities={})
        [tab] = self._send("browsingContext.getTree")["contexts"]
        self._tab = tab["context"]

    def goto(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""
        self._send("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, or of its promise, that JSON can hold."""
        answer = self._send(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(JSON.stringify)",
            target={"context": self._tab},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"].get("value", "null"))

    def set_files(self, selector: str, files: Sequence[Path]) -> None:
        """Choose files in an input element."""
        locator = {"type": "css", "value": selector}
        found = self._send("browsingContext.locateNodes", context=self._tab, locator=locator)
        element = {"sharedId": found["nodes"][0]["sharedId"]}
        paths = [str(path) for path in files]
        self._send("input.setFiles", context=self._tab, element=element, files=paths)

    def wait_for(self, condition: str) -> None:
        """Wait until a condition of the page is true."""
        self.evaluate(
            f"""new Promise((resolve, reject) => {{
                const end = Date.now() + {1000 * TIMEOUT_S};
                const check = () => {condition} ? resolve()
                    : Date.now() > end ? reject(new Error(document.body.innerText))
                    : setTimeout(check, 50);
                check();
            }})"""
        )

    def _send(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        self._connection.send(json.dumps(command))
        while True:  # events come in between
            answer = json.loads(self._connection.recv(timeout=TIMEOUT_S))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]


def find_firefox() -> str | None:
    """Return the path of Firefox, or None."""
    return next(filter(None, map(shutil.which, FIREFOXES)), None)


@contextlib.contextmanager
def run_firefox(path: str, profile: Path) -> Iterator[FirefoxTab]:
    """Run Firefox without a window, and yield its tab."""
    profile.mkdir()
    command = [path, "--headless", "--no-remote", "--profile", str(profile)]
    command += ["--remote-debugging-port", "0", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            addresses = (_ADDRESS.search(line) for line in process.stderr)
            address = next(filter(None, addresses))[1]
            threading.Thread(target=process.stderr.read, daemon=True).start()  # or it would block
            with connect(f"{address}/session", max_size=None) as connection:
                yield FirefoxTab(connection)
        finally:
            process.terminate()
            process.wait()
