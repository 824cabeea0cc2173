"""Labelling over the API: answers, partial failures, and every limit on what is sent."""

from __future__ import annotations

import io
import json
import re
import select
import socket
import struct
import threading
import time
import zlib
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from cluster_core.api import bodies, labelling
from cluster_core.api.bodies import MAX_FILE_BYTES, MAX_FILES
from cluster_core.api.documents import Answers
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.publishing import visible
from cluster_core.server.pace import Pace
from cluster_core.server.slots import SlotLimits
from cluster_core.trained_model import load_model
from tests.api.conftest import BOUNDARY, FORM, LABEL, make_form, make_picture
from tests.samples import cut_off


def make_bomb() -> bytes:
    """Return a PNG of a few bytes that says it has 60,000 by 60,000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checked = name + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_one_picture_as_the_body_gets_what_the_library_says(server, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(make_picture())
    reply = server.classify(make_picture())
    assert reply.status == 200
    assert reply.headers["cache-control"] == "no-store"
    assert Answers(**reply.json)
    (answer,) = reply.json["answers"]
    (expected,) = load_model(workspace=server.workspace).predict(path)
    assert (answer["label"], answer["verdict"]) == (LABEL, expected.verdict)
    assert answer["scores"] == pytest.approx(dict(expected.scores))
    assert answer["novelty"] == expected.novelty
    assert answer["score"] == answer["scores"][LABEL]
    assert answer["milliseconds"] > 0
    assert answer["file"] is answer["problem"] is answer["warning"] is None
    assert reply.json["model_id"] == server.model_id


@pytest.mark.parametrize(
    "content_type",
    ["image/png", "image/anything", "application/octet-stream", "IMAGE/PNG; charset=utf-8"],
)
def test_content_types_of_a_picture(server, content_type):
    assert server.classify(make_picture(), content_type).status == 200


def test_files_of_a_form_are_answered_in_order_and_failures_stand_alone(server, tmp_path):
    part = io.BytesIO()
    fits.PrimaryHDU(np.arange(64 * 64, dtype=">f4").reshape(64, 64)).writeto(part)
    cut = cut_off(tmp_path / "cut.jpg").read_bytes()
    form = make_form(
        ("red.png", make_picture()),
        ("empty.png", b""),
        ("notes.txt", b"hello"),
        ("cut.jpg", cut),
        ("M 13.fits", part.getvalue()),
        ("bomb.png", make_bomb()),
        ("blue.png", make_picture("blue stars")),
    )
    reply = server.classify(form, FORM)
    assert reply.status == 200
    assert Answers(**reply.json)
    red, empty, notes, cut_jpeg, m13, bomb, blue = reply.json["answers"]
    assert (red["label"], blue["label"]) == (LABEL, "blue stars")
    assert (red["file"], m13["file"]) == ("red.png", "M 13.fits")
    assert "empty.png is empty" in empty["problem"]
    assert "notes.txt is a text file" in notes["problem"]
    assert cut_jpeg["warning"]
    assert m13["label"]
    assert "megapixels" in bomb["problem"]
    for failed in (empty, notes, bomb):
        assert failed["label"] is failed["scores"] is failed["score"] is failed["verdict"] is None


@pytest.mark.parametrize("picture", [b"hello", b"\0" * 1000, make_bomb()])
def test_unreadable_picture_is_422(server, picture):
    reply = server.classify(picture)
    assert reply.status == 422
    assert reply.sentence == reply.json["answers"][0]["problem"]
    assert reply.sentence.startswith("The picture ")


def test_blank_picture_is_422(server):
    blank = io.BytesIO()
    Image.new("RGB", (64, 64)).save(blank, "PNG")
    assert server.classify(blank.getvalue()).status == 422


def test_thirty_two_files_are_answered_and_thirty_three_are_refused(server):
    files = [(f"{number}.png", make_picture()) for number in range(MAX_FILES)]
    assert len(server.classify(make_form(*files), FORM).json["answers"]) == MAX_FILES
    reply = server.classify(make_form(*files, ("one more.png", b"x")), FORM)
    assert reply.status == 400
    assert "up to 32 pictures" in reply.sentence


def test_too_large_file_is_refused_and_the_client_sees_the_answer(server):
    large = bytes(MAX_FILE_BYTES + 1)
    for reply in (
        server.classify(large),
        server.classify(make_form(("a.png", make_picture()), ("large.png", large)), FORM),
        server.classify(iter([large[:1000]] * (MAX_FILE_BYTES // 1000 + 1))),  # chunked
    ):
        assert reply.status == 413
        assert "up to 20 MB" in reply.sentence


def test_largest_file_is_read(server):
    assert server.classify(bytes(MAX_FILE_BYTES)).status == 422


def test_body_is_refused_while_it_arrives(server):
    """A body without end is not read to its end."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        path = f"/api/v1/models/{server.model_id}/classify"
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        n_sent = 0
        while n_sent < 5 * MAX_FILE_BYTES and not select.select([connection], [], [], 0)[0]:
            connection.sendall(b"100000\r\n" + bytes(0x100000) + b"\r\n")
            n_sent += 0x100000
        assert b" 413 " in connection.recv(1000)
    assert n_sent < 5 * MAX_FILE_BYTES


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
        ("multipart/mixed; boundary=x", 415),
        ("multipart/form-data", 400),
        (f"multipart/form-data; boundary={'x' * 300}", 400),
        ("multipart/form-data; boundary=other", 400),
    ],
)
def test_other_content_types_are_refused(server, content_type, status):
    reply = server.classify(make_form(("a.png", make_picture())), content_type)
    assert reply.status == status
    assert reply.sentence


def test_compressed_body_is_refused(server):
    reply = server.classify(make_picture(), Content_Encoding="gzip")
    assert reply.status == 415
    assert "without a content encoding" in reply.sentence


PART = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        f"--{BOUNDARY}--\r\n".encode(),
        make_form(("a.png", make_picture()))[:-10],
        f"{PART}\r\n\r\nno file\r\n--{BOUNDARY}--\r\n".encode(),
        f'{PART}; filename="a.png"\r\n{"X: y" * 5000}\r\n\r\n'.encode(),
        f'{PART}; filename="a.png"\r\nbroken header\r\n\r\nx\r\n--{BOUNDARY}--\r\n'.encode(),
    ],
    ids=["empty", "text", "no file", "cut off", "field", "long header", "broken header"],
)
def test_malformed_form_is_400(server, body):
    reply = server.classify(body, FORM)
    assert reply.status == 400
    assert reply.sentence


def test_empty_body_is_400(server):
    reply = server.classify(b"")
    assert reply.status == 400
    assert "empty" in reply.sentence


def test_odd_file_names_are_shown_on_one_line_and_cut(server):
    names = ("a\u202eb\tc.png", "../../etc/passwd", "x" * 1000, "é.png", 'a\\"b.png')
    form = make_form(*((name, b"hello") for name in names))
    reply = server.classify(form, FORM)
    shown = [answer["file"] for answer in reply.json["answers"]]
    assert shown == ["abc.png", "../../etc/passwd", "x" * 200, "é.png", 'a"b.png']


@pytest.mark.parametrize(
    "model_id", ["gone", "..%2F..%2Fetc", "%00", "*", "a" * 5000, "%ff%fe", "starter%0dX:%20y"]
)
def test_unknown_or_malformed_model_is_404(server, model_id):
    for reply in (
        server.get(f"/models/{model_id}"),
        server.ask("POST", f"/models/{model_id}/classify", make_picture()),
    ):
        assert reply.status == 404
        assert len(reply.sentence) < 1000
        assert "x" not in reply.headers


def test_slow_client_is_sent_away(server, monkeypatch):
    monkeypatch.setattr(bodies, "PACE", Pace(idle_s=0.1))
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        path = f"/api/v1/models/{server.model_id}/classify"
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
            "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n".encode()
        )
        connection.settimeout(10)
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b" 408 " in received
    assert b"did not arrive in time" in received


def test_client_that_drips_is_sent_away_and_keeps_nobody_out(server, monkeypatch):
    monkeypatch.setattr(bodies, "PACE", Pace(idle_s=0.3))
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        path = f"/api/v1/models/{server.model_id}/classify"
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
            "Content-Length: 19000000\r\n\r\n".encode()
        )
        deadline_s = time.monotonic() + 10
        while not select.select([connection], [], [], 0.05)[0] and time.monotonic() < deadline_s:
            connection.sendall(b"x")  # never a long pause
        assert b" 408 " in connection.recv(4096)
    assert server.classify(make_picture()).status == 200


def test_more_bodies_than_places_are_503(serve, monkeypatch):
    is_busy, may_end = threading.Event(), threading.Event()
    predict = Predictor.predict_file

    def wait(self, data, name):
        is_busy.set()
        assert may_end.wait(20)
        return predict(self, data, name)

    monkeypatch.setattr(Predictor, "predict_file", wait)
    monkeypatch.setattr(labelling, "SlotLimits", lambda: SlotLimits(in_all=1))
    server = serve()
    waiting = threading.Thread(target=server.classify, args=(make_picture(),))
    waiting.start()
    assert is_busy.wait(20)
    refused = server.classify(make_picture())
    may_end.set()
    waiting.join()
    assert refused.status == 503
    assert int(refused.headers["retry-after"]) > 0
    assert "try again in" in refused.sentence
    assert server.classify(make_picture()).status == 200  # there is a place again


def test_client_that_leaves_is_not_a_bug(server, caplog):
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        path = f"/api/v1/models/{server.model_id}/classify"
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
            "Content-Length: 1000\r\n\r\n".encode()
        )
    assert server.get("/health").status == 200
    assert not caplog.records


def test_damaged_model_is_503(server):
    (server.workspace.bundles / server.model_id / "head.npy").write_bytes(b"x")
    reply = server.classify(make_picture())
    assert reply.status == 503
    assert "damaged" in reply.sentence
    described = server.get(f"/models/{server.model_id}").json
    assert not described["is_usable"]
    assert "damaged" in described["problem"]


def test_model_without_its_network_is_503_and_nothing_is_downloaded(server, monkeypatch):
    models = [replace(model, lacks_network=True) for model in list_models(server.workspace)]
    monkeypatch.setattr(visible, "list_models", lambda workspace: models)
    monkeypatch.setattr(labelling, "obtain_predictor", None)
    reply = server.classify(make_picture())
    assert reply.status == 503
    assert "lacks its network" in reply.sentence
    assert not server.get(f"/models/{server.model_id}").json["is_usable"]


def test_numbers_that_are_not_finite_are_a_problem_of_the_picture(server, monkeypatch):
    class Infinite:
        def extract(self, pictures):
            return np.full((len(pictures), 8), np.inf, np.float32)

    monkeypatch.setattr(
        Predictor, "_extractor", property(lambda self: Infinite(), lambda *_: None), raising=False
    )
    head = type("Head", (), {"compute_scores": lambda self, features: np.full((1, 2), np.nan)})()
    monkeypatch.setattr(
        labelling, "obtain_predictor", lambda *_: _with_head(server.workspace, head)
    )
    reply = server.classify(make_picture())
    assert reply.status == 422
    assert "not finite" in reply.sentence
    assert not re.search(r"NaN|Infinity", reply.body.decode())


def _with_head(workspace, head):
    predictor = load_model(workspace=workspace)._predictor
    object.__setattr__(predictor.bundle, "head", head)
    return predictor


def test_labelling_does_not_hold_up_other_requests(server, monkeypatch):
    is_busy, may_end = threading.Event(), threading.Event()
    predict = Predictor.predict_file

    def predict_slowly(self, data, name):
        is_busy.set()
        assert may_end.wait(20)
        return predict(self, data, name)

    monkeypatch.setattr(Predictor, "predict_file", predict_slowly)
    replies = []
    waiting = threading.Thread(target=lambda: replies.append(server.classify(make_picture())))
    waiting.start()
    assert is_busy.wait(20)
    assert server.get("/health").status == 200
    assert server.get("/models").status == 200
    may_end.set()
    waiting.join()
    assert replies[0].status == 200


def test_bug_says_nothing_of_itself_and_is_logged(server, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Predictor, "predict_file", fail)
    reply = server.classify(make_picture())
    assert reply.status == 500
    assert b"secret" not in reply.body
    (record,) = caplog.records
    error_id = re.search(r"id (\w+)", reply.sentence).group(1)
    assert error_id in record.getMessage()
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("DELETE", "/models", 405),
        ("GET", "/models/starter/classify", 405),
        ("POST", "/health", 405),
    ],
)
def test_unknown_address_or_method(server, method, path, status):
    reply = server.ask(method, path)
    assert reply.status == status
    assert reply.sentence
    assert ("allow" in reply.headers) == (status == 405)


def test_model_without_a_recorded_test_claims_none(server):
    assert server.get("/models/starter").json["n_test"] is None
    assert server.get(f"/models/{server.model_id}").json["n_test"] > 0


def test_health_names_the_program(server):
    assert server.get("/health").json["status"] == "ok"
    assert json.dumps(server.get("/health").json).count("cluster-lab") == 1
