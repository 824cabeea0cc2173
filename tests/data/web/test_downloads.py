"""Downloads of lists of addresses into a folder."""

from __future__ import annotations

import json
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster_core.data.index import scan_dataset
from cluster_core.data.web import downloads
from cluster_core.data.web.client import FetchLimits
from cluster_core.data.web.downloads import STATE_FOLDER, FailedAddress, download_pictures
from cluster_core.errors import AccessError, DatasetError
from cluster_core.storage.cache_file import CacheFile
from tests.data.web.web_server import QUICK, allow_home, make_picture, serving
from tests.samples import OWNER, VISITOR, not_as_root


@pytest.fixture
def server():
    with serving() as web:
        yield web


@pytest.fixture(autouse=True)
def _home(monkeypatch):
    allow_home(monkeypatch)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "photos" / "open clusters"


def download(addresses, folder, on_progress=None):
    return download_pictures(OWNER, addresses, folder, on_progress, limits=QUICK)


def list_names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != STATE_FOLDER)


def assert_no_leftovers(folder) -> None:
    assert {path.name for path in (folder / STATE_FOLDER).iterdir()} <= {"record.jsonl", "lock"}


def test_pictures_are_stored_completely(server, folder):
    pictures = {f"/p/{number}.png": make_picture(number) for number in range(10)}
    report = download([server.add(path, data) for path, data in pictures.items()], folder)
    assert report.skipped == report.failed == ()
    assert len(report.added) == 10
    for path in report.added:
        assert path.read_bytes() == pictures[f"/p/{path.name}"]
    assert_no_leftovers(folder)


def test_scan_sees_only_pictures(server, folder):
    download([server.add("/a.png", make_picture())], folder)
    with CacheFile(folder.parent.parent / "cache") as cache:
        index = scan_dataset(folder.parent, cache)
    assert [picture.path.name for picture in index.pictures] == ["a.png"]
    assert index.rejected == ()


def test_file_names_are_safe_unique_and_match_the_content(server, folder):
    addresses = [
        server.add("/1/M%2013.jpeg", make_picture(1, "JPEG")),
        server.add("/2/M%2013.jpeg", make_picture(2, "JPEG")),
        server.add("/show.php?file=3", make_picture(3, "PNG")),
        server.add("/4/photo.jpg", make_picture(4, "WEBP")),
        server.add("/..%2f..%2fetc%2fpasswd", make_picture(5)),
        server.add("/6/", make_picture(6)),
        server.add("/7/con.png", make_picture(7)),
        server.add("/8/%2ehidden.png", make_picture(8)),
        server.add("/9/" + "n" * 300 + ".png", make_picture(9)),
        server.add("/10/%00%1b%e2%80%aegnp.png", make_picture(10)),
    ]
    report = download(addresses, folder)
    assert report.failed == ()
    assert set(list_names(folder)) == {
        *("M 13.jpeg", "M 13 (2).jpeg", "show.php.png", "photo.webp", "passwd.png", "picture.png"),
        *("_con.png", "hidden.png", "n" * 150 + ".png", "gnp.png"),
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", "a web page (HTML)"),
        (b"%!PS-Adobe-3.0", "PostScript"),
        (b"", "empty"),
        (make_picture(0, "JPEG")[:-300], "a.jpg"),
        (b"\x1f\x8b" + make_picture(), "a.jpg"),
    ],
)
def test_bad_picture_is_reported_and_not_kept(server, folder, body, reason):
    address = server.add("/a.jpg", body, Content_Type="image/jpeg")
    report = download([address], folder)
    (failure,) = report.failed
    assert failure.address == address
    assert reason in failure.reason
    assert failure.reason.endswith(".")
    assert list_names(folder) == []
    assert_no_leftovers(folder)


def test_failures_do_not_stop_other_downloads(server, folder, monkeypatch):
    server.pages["/cut.png"] = lambda request: request.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + make_picture()[:200]
    )
    bad = {
        "no address": "begins with https://",
        "http://127.0.0.2:8080/a.png": "not on the public internet",
        server.url("/cut.png"): "lost the connection",
        server.add("/gone.png", b"", 404): "There is nothing",
    }
    good = server.add("/good.png", make_picture())
    report = download([*bad, good], folder)
    assert [path.name for path in report.added] == ["good.png"]
    assert len(report.failed) == len(bad)
    for failure in report.failed:
        assert bad[failure.address] in failure.reason


def test_duplicate_address_is_fetched_once(server, folder):
    address = server.add("/a.png", make_picture())
    report = download([address, address], folder)
    assert len(report.added) == server.asked["/a.png"] == 1
    assert report.skipped == ()


def test_known_address_is_skipped(server, folder):
    first, second = (server.add(f"/{n}.png", make_picture(n)) for n in range(2))
    failing = server.add("/c.png", b"", 404)
    download([first, failing], folder)
    server.add("/c.png", make_picture(3))
    report = download([first, second, failing], folder)
    assert report.skipped == (first,)
    assert {path.name for path in report.added} == {"1.png", "c.png"}
    assert report.failed == ()
    assert server.asked["/0.png"] == 1
    assert download([first, second, failing], folder).skipped == (first, second, failing)


def test_deleted_picture_is_fetched_again(server, folder):
    address = server.add("/a.png", make_picture())
    (picture,) = download([address], folder).added
    picture.unlink()
    assert download([address], folder).added == (picture,)


def test_same_picture_at_two_addresses_is_stored_once(server, folder):
    first, second = (server.add(path, make_picture()) for path in ("/a.png", "/b.png"))
    report = download([first, second], folder)
    assert len(report.added) == len(report.skipped) == 1
    assert len(list_names(folder)) == 1
    assert set(download([first, second], folder).skipped) == {first, second}
    assert server.asked == {"/a.png": 1, "/b.png": 1}


@pytest.mark.parametrize(
    "line",
    [
        '{"address": "ADDRESS", "file": "../outside.png"}',
        '{"address": "ADDRESS", "file": "/etc/hostname"}',
        '{"address": "ADDRESS", "file": "a\\u0000.png"}',
        '{"address": "ADDRESS", "file": ".."}',
        '{"address": "ADDRESS"}',
        '["ADDRESS"]',
        '{"address": "ADDRESS", "file": "outs',
        "[" * 100_000,
        "\xff",
    ],
)
def test_invalid_record_line_is_ignored_and_record_extended(server, folder, line):
    (folder / STATE_FOLDER).mkdir(parents=True)
    (folder.parent / "outside.png").write_bytes(b"x")
    address = server.add("/a.png", make_picture())
    record = folder / STATE_FOLDER / "record.jsonl"
    record.write_text(line.replace("ADDRESS", address), "latin-1")
    assert len(download([address], folder).added) == 1
    assert download([address], folder).skipped == (address,)
    last = record.read_text("latin-1").splitlines()[-1]
    assert json.loads(last) == {"address": address, "file": "a.png"}


def test_progress_is_reported_to_the_end(server, folder):
    reports = []
    addresses = [server.add(f"/{n}.png", make_picture(n)) for n in range(3)]
    download(addresses[:1], folder)
    download([*addresses, "bad"], folder, lambda *progress: reports.append(progress))
    assert reports[-1] == (4, 4)
    assert reports == sorted(reports)
    assert {total for _, total in reports} == {4}


class StopError(Exception):
    """Raised by a page whose visitor stops the download."""


def test_download_can_be_stopped_while_servers_are_silent(server, folder, monkeypatch):
    monkeypatch.setattr(downloads, "HEARTBEAT_S", 0.05)
    good = server.add("/a.png", make_picture())
    silent = [server.drip(f"/{n}", b"HTTP/1.1 200 OK\r\n", b"") for n in range(6)]
    n_before = threading.active_count()

    def stop(done: int, total: int) -> None:
        if done and server.asked["/0"]:
            raise StopError

    start_s = time.monotonic()
    limits = FetchLimits(read_timeout_s=20, total_timeout_s=20)
    with pytest.raises(StopError):
        download_pictures(OWNER, [good, *silent], folder, stop, limits=limits)
    assert time.monotonic() - start_s < 3
    assert list_names(folder) == ["a.png"]
    assert_no_leftovers(folder)
    assert not [t for t in threading.enumerate() if t.name.startswith("downloads")]
    assert threading.active_count() <= n_before + 7  # threads of the test server
    assert server.asked["/5"] == 0
    assert download([good], folder).skipped == (good,)


def test_concurrent_downloads_are_limited(server, folder):
    running, most, lock = 0, 0, threading.Lock()

    def answer(request):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.03)
        with lock:
            running -= 1
        request.wfile.write(b"HTTP/1.1 404 Not Found\r\n\r\n")

    addresses = []
    for number in range(20):
        server.pages[f"/{number}"] = answer
        addresses.append(server.url(f"/{number}"))
    assert len(download(addresses, folder).failed) == 20
    assert 2 <= most <= downloads.N_AT_ONCE


def test_second_download_into_the_folder_is_rejected(server, folder):
    address = server.drip("/a.png", b"HTTP/1.1 200 OK\r\n", b"")
    started = threading.Event()

    def tell(done: int, total: int) -> None:
        started.set()

    limits = FetchLimits(total_timeout_s=1.5, retry_waits_s=())
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(download_pictures, OWNER, [address], folder, tell, limits=limits)
        assert started.wait(30)
        with pytest.raises(DatasetError, match="another download into this folder is running"):
            download([address], folder)
        assert len(first.result().failed) == 1
    assert len(download([server.add("/b.png", make_picture())], folder).added) == 1


def test_leftovers_of_killed_download_are_removed(server, folder):
    left = folder / STATE_FOLDER / "drafts" / "0"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a pict")
    assert len(download([server.add("/a.png", make_picture())], folder).added) == 1
    assert_no_leftovers(folder)


def test_disappearing_folder_is_reported(server, folder):
    addresses = [server.add(f"/{n}.png", make_picture(n)) for n in range(30)]

    def remove(done: int, total: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)

    with pytest.raises(DatasetError, match="no longer exists"):
        download(addresses, folder, remove)


def test_file_instead_of_folder_is_reported(server, folder):
    folder.parent.mkdir(parents=True)
    folder.write_bytes(b"")
    with pytest.raises(DatasetError, match="could not be downloaded to"):
        download([server.add("/a.png", make_picture())], folder)
    assert not server.asked


@not_as_root
def test_write_protected_folder_is_reported(server, folder):
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    with pytest.raises(DatasetError, match="write-protected"):
        download([server.add("/a.png", make_picture())], folder)


def test_empty_list_downloads_nothing(folder):
    assert download([], folder) == downloads.DownloadReport((), (), ())


def test_public_demo_contacts_no_server(server, folder):
    address = server.add("/a.png", make_picture())
    with pytest.raises(AccessError, match="download pictures from other servers"):
        download_pictures(VISITOR, [address], folder)
    assert not server.asked
    assert not folder.exists()


def test_failure_keeps_address_and_reason(folder):
    (failure,) = download(["ftp://a.example/b.png"], folder).failed
    assert failure == FailedAddress("ftp://a.example/b.png", failure.reason)
