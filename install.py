"""Create .venv and install what Cluster Lab needs; requires only Python 3.11 or newer.

    python3 install.py          to run the app
    python3 install.py --dev    to run the tests as well

Debian ships Python without pip, and marks it as externally managed, so that pip refuses
to install into it. A virtual environment solves the second problem. Where `venv` cannot
install pip either, pip's wheel is downloaded from PyPI and runs without being installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"
PIP_ON_PYPI = "https://pypi.org/pypi/pip/json"
OLDEST_PYTHON = (3, 11)
TIMEOUT_S = 60


def main() -> None:
    """Create the environment and install the requirements.

    Raises
    ------
    SystemExit
        If Python is too old, an argument is unknown, or pip cannot be downloaded or fails.
    """
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            f"Cluster Lab needs Python 3.11 or newer, but this is Python {sys.version.split()[0]}."
        )
    if sys.argv[1:] not in ([], ["--dev"]):
        sys.exit("usage: python3 install.py [--dev]")
    wanted = "requirements-dev.txt" if "--dev" in sys.argv else "requirements.txt"
    has_pip = importlib.util.find_spec("ensurepip") is not None
    print(f"Creating {ENVIRONMENT}", flush=True)
    venv.create(ENVIRONMENT, with_pip=has_pip, symlinks=sys.platform != "win32")
    python = ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    with tempfile.TemporaryDirectory() as folder:
        # A wheel is a zip file, so Python can run the package inside it.
        pip = ["-m", "pip"] if has_pip else [str(fetch_pip(Path(folder)) / "pip")]
        print(f"Installing {wanted} (this takes a few minutes)", flush=True)
        command = [str(python), *pip, "install", "--quiet", "--disable-pip-version-check"]
        # Install pip too: when it runs from its wheel, the environment does not have it yet.
        outcome = subprocess.run([*command, "-r", str(HERE / wanted), "pip"], check=False)
    if outcome.returncode:
        sys.exit("The packages could not be installed: see the messages above, then try again.")
    print("Done. Start the app with: .venv/bin/streamlit run app.py")


def fetch_pip(folder: Path) -> Path:
    """Download pip's wheel from PyPI and check its hash.

    Parameters
    ----------
    folder : Path
        An existing folder, which gets the wheel.

    Returns
    -------
    Path
        The wheel.

    Raises
    ------
    OSError
        If PyPI cannot be reached.
    SystemExit
        If the downloaded file does not match the hash that PyPI names.
    """
    with urllib.request.urlopen(PIP_ON_PYPI, timeout=TIMEOUT_S) as response:
        files = json.load(response)["urls"]
    wheel = next(file for file in files if file["packagetype"] == "bdist_wheel")
    address = urllib.parse.urljoin(PIP_ON_PYPI, wheel["url"])
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as response:
        content = response.read()
    if hashlib.sha256(content).hexdigest() != wheel["digests"]["sha256"]:
        sys.exit("The download of pip is damaged: run this again.")
    path = folder / wheel["filename"]
    path.write_bytes(content)
    return path


if __name__ == "__main__":
    main()
