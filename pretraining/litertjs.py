"""Take the files of LiteRT.js that a web page needs from its npm packages.

`python -m pretraining.litertjs` needs npm and the network, and replaces
`cluster_core/assets/litertjs`. To move to another version, change `VERSION` and run the tests.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

from cluster_core.storage.drafts import replacing

VERSION = "2.5.3"
TARGET = Path(__file__).parents[1] / "cluster_core" / "assets" / "litertjs"
LICENCE = Path(__file__).parents[1] / "LICENSE"
# The build without relaxed SIMD runs in more browsers, and computes the same in all of them.
RUNTIME = "litert_wasm_compat_internal"
_CORE, _LOADER = "@litertjs/core", "@litertjs/wasm-utils"
_NOTICE = """\
LiteRT.js {version}, from the npm packages {core} and {loader}.
Copyright Google LLC. Licensed under the Apache License 2.0, see LICENSE.
Source: https://github.com/google-ai-edge/LiteRT, folder litert/js.

Changed: index.js imports ./wasm-utils.js instead of "{loader}", and the references to source maps
are removed. {runtime}.wasm is packed with gzip, its content is unchanged.
Written by `python -m pretraining.litertjs`.

SHA-512 of the packages:
{packages}
SHA-256 of the unpacked WebAssembly:
{wasm}
"""


def main() -> None:
    """Download both packages, and write the files that a page needs."""
    with tempfile.TemporaryDirectory() as folder, replacing(TARGET) as draft:
        core, core_hash = _download(_CORE, Path(folder))
        loader, loader_hash = _download(_LOADER, Path(folder))
        draft.mkdir()
        index = core["dist/index.js"].decode().replace(f'"{_LOADER}"', '"./wasm-utils.js"')
        (draft / "index.js").write_text(_drop_source_map(index))
        (draft / "wasm-utils.js").write_text(_drop_source_map(loader["dist/index.js"].decode()))
        (draft / f"{RUNTIME}.js").write_bytes(core[f"wasm/{RUNTIME}.js"])
        wasm = core[f"wasm/{RUNTIME}.wasm"]
        (draft / f"{RUNTIME}.wasm.gz").write_bytes(gzip.compress(wasm, 9, mtime=0))
        (draft / "LICENSE").write_bytes(LICENCE.read_bytes())
        notice = _NOTICE.format(
            version=VERSION,
            core=_CORE,
            loader=_LOADER,
            runtime=RUNTIME,
            packages=f"{core_hash}  {_CORE}\n{loader_hash}  {_LOADER}",
            wasm=hashlib.sha256(wasm).hexdigest(),
        )
        (draft / "NOTICE.txt").write_text(notice)


def _download(package: str, folder: Path) -> tuple[dict[str, bytes], str]:
    """Return the files of a package by their paths, and the SHA-512 of the package."""
    command = ["npm", "pack", f"{package}@{VERSION}", "--json", "--pack-destination", str(folder)]
    answer = subprocess.run(command, check=True, capture_output=True, cwd=folder)  # noqa: S603
    path = folder / json.loads(answer.stdout)[0]["filename"]
    with tarfile.open(path) as archive:
        files = {
            member.name.removeprefix("package/"): stream.read()
            for member in archive
            if (stream := archive.extractfile(member)) is not None
        }
    return files, hashlib.sha512(path.read_bytes()).hexdigest()


def _drop_source_map(script: str) -> str:
    lines = [line for line in script.splitlines() if not line.startswith("//# sourceMappingURL")]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
