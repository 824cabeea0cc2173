"""Make .venv and install what Cluster Lab needs; takes any Python 3.11 or newer, nothing else.

    python3 install.py          to run the app
    python3 install.py --dev    to run the tests as well

Debian ships Python without pip, and marks it so that pip refuses to install into
it. A virtual environment gets around the second; where venv cannot bring pip
along, its wheel is taken from PyPI and runs from where it lies.
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
    """Run as a program."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"Cluster Lab needs Python 3.11 or newer, and this is {sys.version.split()[0]}.")
    if sys.argv[1:] not in ([], ["--dev"]):
        sys.exit("usage: python3 install.py [--dev]")
    wanted = "requirements-dev.txt" if "--dev" in sys.argv else "requirements.txt"
    has_pip = importlib.util.find_spec("ensurepip") is not None
    print(f"Making {ENVIRONMENT}", flush=True)
    venv.create(ENVIRONMENT, with_pip=has_pip, symlinks=sys.platform != "win32")
    python = ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    with tempfile.TemporaryDirectory() as folder:
        # A wheel is a zip file, and Python runs the package in it from there.
        pip = ["-m", "pip"] if has_pip else [str(fetch_pip(Path(folder)) / "pip")]
        print(f"Installing {wanted}, which takes a few minutes", flush=True)
        command = [str(python), *pip, "install", "--quiet", "--disable-pip-version-check"]
        # pip itself too: where it runs from its wheel, it is not in the environment yet.
        outcome = subprocess.run([*command, "-r", str(HERE / wanted), "pip"], check=False)
    if outcome.returncode:
        sys.exit("The packages could not be installed: see above, then run this again.")


def fetch_pip(folder: Path) -> Path:
    """Download pip's wheel from PyPI into a folder, check its hash, and return its path."""
    with urllib.request.urlopen(PIP_ON_PYPI, timeout=TIMEOUT_S) as answer:
        files = json.load(answer)["urls"]
    wheel = next(file for file in files if file["packagetype"] == "bdist_wheel")
    address = urllib.parse.urljoin(PIP_ON_PYPI, wheel["url"])
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != wheel["digests"]["sha256"]:
        sys.exit("pip came damaged from PyPI: run this again.")
    path = folder / wheel["filename"]
    path.write_bytes(content)
    return path


if __name__ == "__main__":
    main()
