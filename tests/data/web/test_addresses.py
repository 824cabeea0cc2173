"""Parsing of web addresses, and checks of their servers."""

from __future__ import annotations

import pytest

from cluster_core.data.web.addresses import (
    find_public_ips,
    parse_addresses,
    read_address,
)
from cluster_core.errors import DownloadError
from tests.data.web.web_server import answer_lookups


def test_list_skips_duplicates_empty_lines_and_comments():
    text = "\ufeffhttps://a.example/1.png\r\n\n  # mine\n\thttps://b.example/2.png \n#\n"
    text += "https://a.example/1.png\nhttps://a.example/#3"
    assert parse_addresses(text) == (
        "https://a.example/1.png",
        "https://b.example/2.png",
        "https://a.example/#3",
    )


def test_empty_list_has_no_addresses():
    assert parse_addresses("") == parse_addresses("\n \n# nothing\n") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://Stars.Example/M13.jpg", "https://stars.example/M13.jpg"),
        ("HTTP://a.example", "http://a.example/"),
        ("https://a.example.:443/x#part", "https://a.example/x"),
        ("http://a.example:8080?id=5&b=%20", "http://a.example:8080/?id=5&b=%20"),
        ("https://a.example/größe 1.jpg", "https://a.example/gr%C3%B6%C3%9Fe%201.jpg"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("http://[2606:4700::1111]:8000/", "http://[2606:4700::1111]:8000/"),
        ("http://under_score.example/", "http://under_score.example/"),
    ],
)
def test_addresses_are_normalised(text, expected):
    assert str(read_address(text)) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("ftp://a.example/1.png", "begins with https://"),
        ("file:///etc/passwd", "begins with https://"),
        ("gopher://a.example/", "begins with https://"),
        ("data:image/png;base64,AAAA", "begins with https://"),
        ("javascript:alert(1)", "begins with https://"),
        ("a.example/1.png", "begins with https://"),
        ("//a.example/1.png", "begins with https://"),
        ("https:///1.png", "begins with https://"),
        ("", "begins with https://"),
        ("https://me:secret@a.example/", "user name"),
        ("https://a.example@b.example/", "user name"),
        ("https://@a.example/", "user name"),
        ("https://a.example\\@b.example/", "invalid character"),
        ("https://a.example/\r\nHost: b.example", "invalid character"),
        ("https://a.example/\x00", "invalid character"),
        ("https://a.example/" + "a" * 4000, "too long"),
        ("https://[::1", "copy it from the browser again"),
        ("https://[fe80::1%25eth0]/", "copy it from the browser again"),
        ("https://[fe80::1%eth0]/", "copy it from the browser again"),
        ("https://a b.example/", "copy it from the browser again"),
        ("https://a..example/", "copy it from the browser again"),
        ("https://-a.example/", "copy it from the browser again"),
        (f"https://{'a' * 64}.example/", "copy it from the browser again"),
        ("https://a.example:http/", "copy it from the browser again"),
        ("https://a.example:70000/", "copy it from the browser again"),
        ("https://a.example:25/", "port 25"),
        ("https://a.example:0/", "port 0"),
        ("http://a.example:22/", "port 22"),
    ],
)
def test_invalid_address_is_rejected(text, part):
    with pytest.raises(DownloadError, match=r"[.]$") as caught:
        read_address(text)
    assert part in str(caught.value)
    assert str(caught.value).isprintable()
    assert "secret" not in str(caught.value)
    assert caught.value.address == text


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/b.png", "https://a.example:8443/b.png"),
        ("b.png?x", "https://a.example:8443/photos/b.png?x"),
        ("//c.example/b.png", "https://c.example/b.png"),
        ("http://c.example/b.png", "http://c.example/b.png"),
    ],
)
def test_relative_address_is_resolved(location, expected):
    base = read_address("https://a.example:8443/photos/a.png")
    assert str(read_address(location, base)) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://a.example/p/M%2013.jpg?size=2/3", "M 13.jpg"),
        ("https://a.example/p/", ""),
        ("https://a.example/..%2f..%2fetc", "../../etc"),
    ],
)
def test_file_name_is_the_last_part_of_the_path(text, name):
    assert read_address(text).file_name == name


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]"),
        *("0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001", "127.1"),
        *("0", "169.254.169.254", "0xa9fea9fe", "[fe80::1]", "①②⑦.⓪.⓪.①", "127。0。0。1"),
    ],
)
def test_every_spelling_of_a_local_address_is_rejected(host):
    address = read_address(f"http://{host}:8080/a.png")
    with pytest.raises(DownloadError, match=r"not on the public internet|could not be found"):
        find_public_ips(address)


@pytest.mark.parametrize("answer", [["10.0.0.7"], ["8.8.8.8", "127.0.0.1"]])
def test_name_with_private_address_is_rejected(monkeypatch, answer):
    answer_lookups(monkeypatch, answer)
    with pytest.raises(DownloadError, match=r"nas\.example is not on the public internet"):
        find_public_ips(read_address("http://nas.example/a.png"))


def test_public_addresses_are_found_without_duplicates(monkeypatch):
    answer_lookups(monkeypatch, ["8.8.8.8", "2606:4700::1111", "8.8.8.8"])
    found = find_public_ips(read_address("http://a.example/a.png"))
    assert [str(ip) for ip in found] == ["8.8.8.8", "2606:4700::1111"]


@pytest.mark.parametrize("problem", [OSError(-2, "Name or service not known"), None])
def test_unknown_server_is_reported(monkeypatch, problem):
    def fail(*_, **__):
        if problem:
            raise problem
        return []

    monkeypatch.setattr("socket.getaddrinfo", fail)
    with pytest.raises(DownloadError, match=r"The server a\.example could not be found"):
        find_public_ips(read_address("http://a.example/a.png"))
