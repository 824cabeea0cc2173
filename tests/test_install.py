"""The installer, as far as it can be tried without installing."""

from __future__ import annotations

import hashlib
import io
import json

import pytest

import install
from tests.samples import run_python

WHEEL = b"the bytes of a wheel"


@pytest.fixture
def pypi(monkeypatch):
    """Answer for PyPI; the caller may change what it says of the wheel."""
    entry = {
        "packagetype": "bdist_wheel",
        "url": "https://files.example/pip-1-py3-none-any.whl",
        "filename": "pip-1-py3-none-any.whl",
        "digests": {"sha256": hashlib.sha256(WHEEL).hexdigest()},
    }
    asked = []

    def answer(address, timeout):
        asked.append(address)
        is_index = address == install.PIP_ON_PYPI
        index = {"urls": [{"packagetype": "sdist"}, entry]}
        return io.BytesIO(json.dumps(index).encode() if is_index else WHEEL)

    monkeypatch.setattr(install.urllib.request, "urlopen", answer)
    return entry, asked


def test_the_wheel_of_pip_is_fetched_whole(pypi, tmp_path):
    entry, asked = pypi
    assert install.fetch_pip(tmp_path).read_bytes() == WHEEL
    assert asked == [install.PIP_ON_PYPI, entry["url"]]


def test_an_address_below_the_index_is_followed(pypi, tmp_path):
    pypi[0]["url"] = "../../files/pip-1-py3-none-any.whl"
    install.fetch_pip(tmp_path)
    assert pypi[1][1] == "https://pypi.org/files/pip-1-py3-none-any.whl"


def test_a_damaged_wheel_is_refused(pypi, tmp_path):
    pypi[0]["digests"]["sha256"] = "0" * 64
    with pytest.raises(SystemExit, match="damaged"):
        install.fetch_pip(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage_is_told():
    outcome = run_python("install.py", "--nonsense")
    assert outcome.returncode == 1
    assert outcome.stderr == "usage: python3 install.py [--dev]\n"


def test_an_old_python_is_told(monkeypatch):
    monkeypatch.setattr(install.sys, "version_info", (3, 10, 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11"):
        install.main()
