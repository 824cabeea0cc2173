"""Make .zip files that try to write elsewhere, to fill memory or disk, or to take forever."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable

import numpy as np

from cluster_core.model.backbones.converted import CONVERSION_VERSION
from cluster_core.model.bundle.untrusted_files import HEAD, MANIFEST
from tests.fuzz.case import Case
from tests.fuzz.damage import flip_bytes

MB = 1_000_000
# The tables of a LiteRT file follow its weights.
_TABLES_BYTES = 3_000
_NAMES = (
    *("../outside.png", "open/../../outside.png", "/tmp/outside.png", "C:\\outside.png"),
    *("open\\..\\..\\outside.png", "open/a\0b.png", "open/\u202egnp.png", "open/CON.png"),
    *("open/" + "x" * 300 + ".png", "open/ .png", "open/..png", "./open/a.png", "open//a.png"),
    *("\u200bopen/a.png", "OPEN/a.png", "o\u0301pen/a.png", "\u00f3pen/a.png", "open./a.png"),
    *("__MACOSX/open/a.png", ".hidden/a.png", "open/.a.png", "a.png", "1/2/3/4/a.png"),
    *("\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16") + "/a.png", "-/a.png"),
)


def _pack(entries: Iterable[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(content, "w", compression) as archive:
        warnings.simplefilter("ignore")  # two entries of one name
        for name, data in entries:
            archive.writestr(name, data)
    return content.getvalue()


def _read_pictures(case: Case, count: int) -> list[bytes]:
    paths = sorted((case.sample / "colours_photos").glob("*/*"))
    return [paths[number % len(paths)].read_bytes() for number in range(count)]


def _read_model(case: Case) -> tuple[dict[str, object], bytes]:
    folder = next(iter(sorted((case.sample / "models" / "bundles").glob("*-random"))))
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest.pop("novelty", None)  # as in models of version 0.1, which have two files
    return manifest, (folder / HEAD).read_bytes()


def make_names(case: Case) -> bytes:
    """One to four entries with names that lead elsewhere or confuse, among good ones."""
    names = ["open/good.png", *case.random.sample(_NAMES, case.random.randint(1, 4))]
    case.steps.append(f"{names}")
    return _pack(zip(names, _read_pictures(case, len(names)), strict=True))


def make_links(case: Case) -> bytes:
    """An entry that is a link out of the folder, then one behind it."""
    link = zipfile.ZipInfo("open/link.png")
    link.external_attr = 0o120777 << 16
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(link, "../../..")
        archive.writestr("open/link.png/outside.png", _read_pictures(case, 1)[0])
    return content.getvalue()


def make_bomb(case: Case) -> bytes:
    """A picture of many zeros that packs well."""
    size = case.random.choice([2, 20, 100]) * MB
    case.steps.append(f"{size} bytes")
    return _pack([("open/good.png", _read_pictures(case, 1)[0]), ("open/zeros.png", bytes(size))])


def make_many_folders(case: Case) -> bytes:
    """Thousands of empty classes."""
    good = [("class 0/good.png", _read_pictures(case, 1)[0])] * case.random.randint(0, 1)
    return _pack([*good, *((f"class {number}/", b"") for number in range(2_000))])


def make_same_names(case: Case) -> bytes:
    """Hundreds of different pictures of one name."""
    picture = _read_pictures(case, 1)[0]
    # What follows the end of a PNG is ignored.
    return _pack(("open/M 13.png", picture + b"%d" % number) for number in range(300))


def make_twins(case: Case) -> bytes:
    """Names that differ in capital letters, and in how accents are written."""
    names = ("open/\u00e9.png", "open/e\u0301.png", "Open/\u00e9.PNG", "OPEN/E\u0301.png")
    return _pack(zip(names, _read_pictures(case, 4), strict=True))


def make_shift_jis(case: Case) -> bytes:
    """Names in the encoding of Japanese Windows, without the flag for UTF-8."""
    data = _pack([("AAAAAAAA/BBBB.png", _read_pictures(case, 1)[0])])
    return data.replace(b"AAAAAAAA", "散開星団".encode("shift-jis")).replace(
        b"BBBB", "昴座".encode("shift-jis")
    )


def make_overlap(case: Case) -> bytes:
    """Entries that share their data, or claim to have another size or to be elsewhere."""
    names = [f"open/{number}.png" for number in range(20)]
    data = bytearray(_pack(zip(names, _read_pictures(case, 20), strict=True), zipfile.ZIP_STORED))
    start = data.index(b"PK\x01\x02")
    while (start := data.find(b"PK\x01\x02", start + 1)) > 0:
        offset = case.random.choice([20, 24, 42])  # packed size, size, position
        value = case.random.choice([0, 1, 2**31, 2**32 - 1, case.random.randrange(5_000)])
        struct.pack_into("<I", data, start + offset, value)
    return bytes(data)


def make_nested(case: Case) -> bytes:
    """Archives in an archive, one of them called a picture."""
    inner = make_bomb(case)
    return _pack([("open/good.png", _read_pictures(case, 1)[0]), ("open/inner.png", inner)])


def make_odd_model_names(case: Case) -> bytes:
    """A good model in a folder with a hostile name."""
    manifest, head = _read_model(case)
    folder = case.random.choice(
        ["..", "/", "starter", "a\\b", ".", "x" * 300, "\u202e", "a\nb", ""]
    )
    case.steps.append(f"in the folder {folder!r}")
    return _pack(
        [(f"{folder}/{MANIFEST}", json.dumps(manifest).encode()), (f"{folder}/{HEAD}", head)]
    )


def make_odd_labels(case: Case) -> bytes:
    """A model whose classes have names that no class may have, or far too many of them."""
    manifest, head = _read_model(case)
    rows = np.load(io.BytesIO(head))
    odd = ["\u202eopen", " ", "open\u200b", "a\nb", "..", "a/b", "\ud800", "x" * 100_000, "con"]
    n_labels = case.random.choice([2, 3, 50_000])
    labels = [case.random.choice(odd), *(f"class {number}" for number in range(1, n_labels))]
    rows = np.zeros((len(rows), n_labels), "<f4")
    return _pack_model(manifest | {"labels": labels}, _save(rows))


def make_odd_heads(case: Case) -> bytes:
    """A model whose head is not a table of numbers, but has the right hash."""
    manifest, head = _read_model(case)
    heads = (
        _save(np.full((9, 2), np.nan, "<f4")),
        _save(np.zeros((0, 2), "<f4")),
        _save(np.zeros((2, 2, 2), "<f8")),
        head[:64] + b"(" * 200,
        head.replace(b"(", b"(9999999999,", 1),
        head.replace(b"False", b"True ", 1),
        b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + head[10:],
        b"",
        _pack([("a.npy", head)]),
    )
    number = case.random.randrange(len(heads))
    case.steps.append(f"head {number}")
    return _pack_model(manifest, heads[number])


def make_model_bomb(case: Case) -> bytes:
    """A model whose manifest or head packs a thousandfold."""
    manifest, head = _read_model(case)
    size = case.random.choice([4, 100, 190]) * MB
    case.steps.append(f"{size} bytes")
    if size == 4 * MB:
        text = json.dumps(manifest | {"labels": ["a"] * (size // 8)})
        return _pack([(f"m/{MANIFEST}", text.encode()), (f"m/{HEAD}", head)])
    return _pack_model(manifest, _save(np.zeros((size // 8, 2), "<f4")))


def make_nested_manifest(case: Case) -> bytes:
    """A manifest that is a list in a list in a list, and so on."""
    _, head = _read_model(case)
    depth = case.random.choice([900, 10_000, 1_000_000])
    return _pack([(f"m/{MANIFEST}", b"[" * depth + b"]" * depth), (f"m/{HEAD}", head)])


def _save(rows: np.ndarray) -> bytes:
    array = io.BytesIO()
    np.save(array, rows, allow_pickle=False)
    return array.getvalue()


def _pack_model(manifest: dict[str, object], head: bytes) -> bytes:
    """Pack a model, with the hash of its head corrected."""
    manifest = manifest | {"files": {HEAD: hashlib.sha256(head).hexdigest()}}
    return _pack([(f"m/{MANIFEST}", json.dumps(manifest).encode()), (f"m/{HEAD}", head)])


HOSTILE_DATASETS: list[Callable[[Case], bytes]] = [
    *(make_names, make_overlap, make_links, make_bomb, make_twins, make_shift_jis, make_nested),
    *(make_names, make_overlap, make_same_names, make_many_folders),
]


def make_damaged_network(case: Case) -> bytes:
    """A model that carries a network of which some bytes have other values, or some are missing."""
    manifest, head = _read_model(case)
    path = next(iter(sorted((case.sample / "models" / "backbones").glob("random-*.tflite"))))
    network = path.read_bytes()
    tail, changes = flip_bytes(network[-_TABLES_BYTES:], case.random)
    network = network[:-_TABLES_BYTES] + tail
    if case.random.random() < 0.2:
        network = network[: case.random.randrange(len(network))]
    case.steps.append(f"{path.name} of {len(network)} bytes, its tables changed {changes}")
    weights = {"name": "random", "weights_sha256": hashlib.sha256(network).hexdigest()}
    record = {**weights, "litert_sha256": weights["weights_sha256"], "version": CONVERSION_VERSION}
    return _pack(
        [
            (f"m/{MANIFEST}", json.dumps(manifest | {"backbone": weights}).encode()),
            (f"m/{HEAD}", head),
            ("m/network/random.json", json.dumps(record).encode()),
            ("m/network/random.tflite", network),
        ]
    )


HOSTILE_MODELS: list[Callable[[Case], bytes]] = [
    *(make_odd_labels, make_odd_heads, make_odd_model_names, make_model_bomb),
    *(make_nested_manifest, make_names, make_damaged_network),
]
