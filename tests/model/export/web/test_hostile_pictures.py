"""Pictures that ask the static page for more memory than it should give."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from PIL import Image

from cluster_core.model.backbones.shipped import ASSETS

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node.js")
# Counts the bytes, or numbers, for which there are arrays.
COUNTING = """
import { readFileSync } from "node:fs";
let allocated = 0;
for (const name of ["Int16Array", "Uint8Array"]) {
  globalThis[name] = new Proxy(globalThis[name], { construct(type, given) {
    allocated += given[0]?.byteLength ?? given[0];
    return Reflect.construct(type, given);
  } });
}
const { decodeJpeg } = await import("./jpeg_decoding.js");
const { decodePng } = await import("./png.js");
const data = new Uint8Array(readFileSync(process.argv[2]));
const isPng = data[0] === 0x89;
const checkSize = (width, height) => {
  if (width * height > 50e6) throw new Error("too large");
  return 1;
};
let error = null;
let size = null;
try {
  const decode = isPng ? async () => (await decodePng(data, {}, checkSize)).picture : decodeJpeg;
  const found = await decode(data, checkSize);
  size = [found.width, found.height];
} catch (problem) {
  error = problem.message;
}
console.log(JSON.stringify({ error, size, allocated }));
"""


def decode(folder: Path, data: bytes) -> dict:
    """Decode a picture with the scripts of the page."""
    scripts = folder / "js"
    shutil.copytree(ASSETS / "web" / "js", scripts)
    (scripts / "package.json").write_text('{"type": "module"}')
    (scripts / "decode.js").write_text(COUNTING)
    (folder / "picture").write_bytes(data)
    command = [str(NODE), str(scripts / "decode.js"), str(folder / "picture")]
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


def test_size_of_a_jpeg_is_checked_before_memory_is_taken(tmp_path):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "JPEG")
    data = bytearray(stream.getvalue())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_535, 65_535)
    found = decode(tmp_path, bytes(data))
    assert found["error"] == "too large"
    assert found["allocated"] < 10_000_000


@pytest.mark.parametrize("n_extra", [0, 200_000_000])
def test_png_is_unpacked_no_further_than_its_size_says(tmp_path, n_extra):
    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 9, 7, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(7 * (1 + 3 * 9) + n_extra))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows)
    found = decode(tmp_path, data + chunk(b"IEND", b""))
    assert found["size"] == [9, 7]
    assert found["allocated"] < 10_000_000
