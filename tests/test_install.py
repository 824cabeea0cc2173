"""The installer: everything up to running pip."""

from __future__ import annotations

import hashlib
import io
import json

import pytest

import install
from tests.samples import run_python

WHEEL = b"content of a wheel"


@pytest.fixture
def pypi(monkeypatch):
    """Replace PyPI: return the editable index entry of the wheel and the requested addresses."""
    entry = {
        "packagetype": "bdist_wheel",
        "url": "https://files.example/pip-1-py3-none-any.whl",
        "filename": "pip-1-py3-none-any.whl",
        "digests": {"sha256": hashlib.sha256(WHEEL).hexdigest()},
    }
    requested = []

    def respond(address, timeout):
        requested.append(address)
        is_index = address == install.PIP_ON_PYPI
        index = {"urls": [{"packagetype": "sdist"}, entry]}
        return io.BytesIO(json.dumps(index).encode() if is_index else WHEEL)

    monkeypatch.setattr(install.urllib.request, "urlopen", respond)
    return entry, requested


def test_pip_wheel_is_downloaded_from_the_index(pypi, tmp_path):
    entry, requested = pypi
    assert install.fetch_pip(tmp_path).read_bytes() == WHEEL
    assert requested == [install.PIP_ON_PYPI, entry["url"]]


def test_relative_wheel_address_is_resolved_against_the_index(pypi, tmp_path):
    pypi[0]["url"] = "../../files/pip-1-py3-none-any.whl"
    install.fetch_pip(tmp_path)
    assert pypi[1][1] == "https://pypi.org/files/pip-1-py3-none-any.whl"


def test_wheel_with_wrong_hash_is_rejected(pypi, tmp_path):
    pypi[0]["digests"]["sha256"] = "0" * 64
    with pytest.raises(SystemExit, match="damaged"):
        install.fetch_pip(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_unknown_argument_prints_usage():
    outcome = run_python("install.py", "--nonsense")
    assert outcome.returncode == 1
    assert outcome.stderr == "usage: python3 install.py [--dev]\n"


def test_old_python_is_rejected(monkeypatch):
    monkeypatch.setattr(install.sys, "version_info", (3, 10, 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11"):
        install.main()
