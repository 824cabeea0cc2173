from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from cluster_core import download
from tests.data.web.web_server import allow_home, make_picture, serving
from tests.samples import run_python


@pytest.fixture
def server(monkeypatch):
    allow_home(monkeypatch)
    with serving() as web:
        yield web


@pytest.fixture
def output(tmp_path):
    return tmp_path / "open clusters"


@pytest.fixture
def run(tmp_path, output):
    def start(*lines: str):
        urls = tmp_path / "urls.txt"
        urls.write_text("\n".join(lines), "utf-8")
        return CliRunner().invoke(download.main, ["--urls", str(urls), "--output", str(output)])

    return start


def test_paths_go_to_standard_output_and_failures_to_standard_error(run, server, output):
    good = server.add("/a.png", make_picture())
    gone = server.add("/b.png", b"", 404)
    first = run("# two pictures", "", good, gone, good)
    assert first.exit_code == 0, first.output
    assert first.stdout == f"{output / 'a.png'}\n"
    failed, summary = first.stderr.splitlines()
    assert failed == (
        f"Failed: {gone}: There is nothing at this address (404 Not Found): check it in a browser."
    )
    assert summary == "1 downloaded, 0 already there, 1 failed"
    second = run(good)
    assert second.exit_code == 0
    assert second.stdout == ""
    assert second.stderr == "0 downloaded, 1 already there, 0 failed\n"


def test_control_characters_of_an_address_are_escaped(run, server):
    result = run("http://a.example/\x1b[2Jb", server.add("/a.png", make_picture()))
    assert result.exit_code == 0
    assert "\x1b" not in result.stderr
    assert r"\x1b[2J" in result.stderr


@pytest.mark.parametrize("content", [None, b"", b"# nothing yet\n", b"\xff\xfe"])
def test_list_without_addresses_is_reported(tmp_path, output, content):
    urls = tmp_path / "urls.txt"
    if content is not None:
        urls.write_bytes(content)
    result = CliRunner().invoke(download.main, [f"--urls={urls}", f"--output={output}"])
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {urls} ")
    assert line.endswith("--urls=FILE.")
    assert not output.exists()


def test_folder_that_cannot_be_made_is_reported(run, output):
    output.write_bytes(b"")
    result = run("https://a.example/a.png")
    assert result.exit_code == 1
    assert re.fullmatch(r"Error: Pictures could not be downloaded to .*\.\n", result.stderr)


def test_ctrl_c_says_that_downloaded_pictures_are_kept(run, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "download_pictures", stop)
    result = run("https://a.example/a.png")
    assert result.exit_code == 130
    assert result.stderr.endswith("are kept, and are skipped next time.\n")


@pytest.mark.parametrize("flags", [[], ["--urls=a"], ["--output=a"], ["--no_such_flag=1"]])
def test_wrong_usage_exits_with_2(flags):
    assert CliRunner().invoke(download.main, flags).exit_code == 2


def test_every_option_has_a_help_text():
    for option in download.main.params:
        assert option.help
        assert not getattr(option.type, "readable", False)


def test_program_contacts_only_the_public_web(tmp_path, output):
    with serving() as web:
        address = web.add("/a.png", make_picture())
        (tmp_path / "urls.txt").write_text(address)
        outcome = run_python(
            *("-m", "cluster_core.download", f"--urls={tmp_path / 'urls.txt'}"),
            f"--output={output}",
        )
        assert not web.asked
    assert outcome.returncode == 0
    assert outcome.stdout == ""
    assert "127.0.0.1 is not on the public internet" in outcome.stderr
    assert outcome.stderr.endswith("0 downloaded, 0 already there, 1 failed\n")
