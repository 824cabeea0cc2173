"""One limit for all uploads, lower in a public demo, and sentences for refused files."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit import config

from cluster_core.access import PUBLIC_VARIABLE, Access
from pages.components import upload_limit
from pages.components.upload_limit import get_max_upload_mb, limit_uploads
from tests.samples import REPOSITORY

pytestmark = pytest.mark.usefixtures("as_a_page")


@pytest.fixture(autouse=True)
def own_limit():
    before = config.get_option("server.maxUploadSize")
    config.set_option("server.maxUploadSize", 200)
    yield
    config.set_option("server.maxUploadSize", before)


def test_own_computer_takes_what_the_option_allows():
    assert "maxUploadSize = 200" in (REPOSITORY / ".streamlit" / "config.toml").read_text()
    assert get_max_upload_mb() == 200
    config.set_option("server.maxUploadSize", 500)
    limit_uploads()
    assert get_max_upload_mb() == 500


def test_server_that_nobody_has_opened_yet_keeps_its_limit(monkeypatch):
    nobody = Access("stranger", frozenset())
    monkeypatch.setattr(upload_limit, "get_access", lambda: nobody)
    limit_uploads()
    assert st.get_option("server.maxUploadSize") == 200


@pytest.mark.parametrize(("option", "expected"), [(200, 20), (5, 5)])
def test_public_demo_takes_20_mb_at_most(monkeypatch, option, expected):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    config.set_option("server.maxUploadSize", option)
    limit_uploads()
    assert get_max_upload_mb() == st.get_option("server.maxUploadSize") == expected


def test_refused_files_are_named_with_the_reason():
    report = {"total": 3, "files": [["big.fits", 312.44], ["notes.txt", 0.01]]}
    total, refused = upload_limit._check_report(report)
    large, strange = upload_limit._describe_refused(refused, 200)
    assert total == 3
    assert large == "big.fits is 312.4 MB; files may be up to 200 MB."
    assert strange == "notes.txt was not added: this type of file cannot be used here."


def test_many_refused_files_are_counted():
    sentences = upload_limit._describe_refused([("a.txt", 1)] * 25, 200)
    assert len(sentences) == 11
    assert sentences[-1] == "15 more files were not added."


@pytest.mark.parametrize(
    "report", [None, 3, {"total": "x", "files": []}, {"files": [[1, 2], "x", None], "total": 1}]
)
def test_report_that_makes_no_sense_is_ignored(report):
    assert upload_limit._check_report(report)[1] == []
