"""What is worth knowing of a picture without decoding it again, kept by content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cluster_core.data.fingerprints import FINGERPRINT_VERSION, compute_fingerprint
from cluster_core.images import decode_image
from cluster_core.storage.cache_file import CacheFile

_CREATE = """CREATE TABLE IF NOT EXISTS picture_facts (
    sha256 TEXT, version INTEGER, width_px INTEGER, height_px INTEGER, fingerprint BLOB,
    PRIMARY KEY (version, sha256)) WITHOUT ROWID"""
_INSERT = "INSERT OR REPLACE INTO picture_facts VALUES (?, ?, ?, ?, ?)"
_SELECT = """SELECT sha256, width_px, height_px, fingerprint FROM picture_facts
    WHERE version = ? AND sha256 IN ({keys})"""


@dataclass(frozen=True)
class PictureFacts:
    """Size and fine structure of a picture that was once decoded in full.

    Attributes
    ----------
    width_px, height_px : int
        Size after its EXIF orientation is applied.
    fingerprint : bytes
        See `compute_fingerprint`.
    """

    width_px: int
    height_px: int
    fingerprint: bytes


def compute_facts(data: bytes, name: str) -> PictureFacts:
    """Decode a picture in full and note its facts.

    Raises
    ------
    ImageError
        It cannot be read.
    """
    pixels = decode_image(data, name)
    height, width = pixels.shape[:2]
    return PictureFacts(width, height, compute_fingerprint(pixels))


class PictureFactsCache:
    """Facts by the SHA-256 of a picture's bytes."""

    def __init__(self, file: CacheFile) -> None:
        self._file = file
        file.create_table(_CREATE)

    def load(self, sha256s: Sequence[str]) -> Mapping[str, PictureFacts]:
        """Return the facts that are known of these pictures."""
        rows = self._file.read_in(_SELECT, sha256s, FINGERPRINT_VERSION)
        return {sha256: PictureFacts(*facts) for sha256, *facts in rows}

    def save(self, facts: Iterable[tuple[str, PictureFacts]]) -> None:
        """Keep the facts of some pictures."""
        self._file.write_many(
            _INSERT,
            (
                (sha256, FINGERPRINT_VERSION, f.width_px, f.height_px, f.fingerprint)
                for sha256, f in facts
            ),
        )
