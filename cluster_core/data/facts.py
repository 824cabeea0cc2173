"""Size, fingerprint and loss of pictures, cached by content so that they are decoded only once."""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cluster_core.data.fingerprints import FINGERPRINT_VERSION, compute_fingerprint
from cluster_core.images import check_not_blank, decode_image, noting_losses
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.checksums import seal, unseal

# Behind the fingerprint of a cached entry.
_LOSS = struct.Struct("<f")
_logger = logging.getLogger(__name__)

_CREATE = """CREATE TABLE IF NOT EXISTS picture_facts (
    sha256 TEXT, version INTEGER, width_px INTEGER, height_px INTEGER, fingerprint BLOB,
    PRIMARY KEY (version, sha256)) WITHOUT ROWID"""
_INSERT = "INSERT OR REPLACE INTO picture_facts VALUES (?, ?, ?, ?, ?)"
_SELECT = """SELECT sha256, width_px, height_px, fingerprint FROM picture_facts
    WHERE version = ? AND sha256 IN ({keys})"""


@dataclass(frozen=True)
class PictureFacts:
    """Size and fine structure of a picture that was decoded in full.

    Attributes
    ----------
    width_px, height_px : int
        Size after applying the EXIF orientation.
    fingerprint : bytes
        1024 signed bytes; see `compute_fingerprint`.
    loss : float
        Share of the picture that is missing because the file is cut off or damaged, 0 to 0.25.
    """

    width_px: int
    height_px: int
    fingerprint: bytes
    loss: float = 0.0


def compute_facts(data: bytes, name: str) -> PictureFacts:
    """Decode a picture in full and compute its facts.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Name of the file, for messages.

    Raises
    ------
    ImageError
        The picture cannot be read, or is blank.
    """
    with noting_losses() as losses:
        pixels = decode_image(data, name)
    check_not_blank(pixels, name)
    height, width = pixels.shape[:2]
    return PictureFacts(width, height, compute_fingerprint(pixels), max(losses, default=0.0))


class PictureFactsCache:
    """Cache of `PictureFacts`, keyed by the SHA-256 of the file.

    Parameters
    ----------
    file : CacheFile
        Where the facts are stored.

    Raises
    ------
    RunError
        The cache file cannot be written. The methods raise it if it cannot be
        read or written.
    """

    def __init__(self, file: CacheFile) -> None:
        self._file = file
        file.create_table(_CREATE)

    def load(self, sha256s: Sequence[str]) -> Mapping[str, PictureFacts]:
        """Return the known facts by SHA-256; unknown pictures and damaged facts are missing."""
        found: dict[str, PictureFacts] = {}
        n_damaged = 0
        for sha256, width, height, sealed in self._file.read_in(
            _SELECT, sha256s, FINGERPRINT_VERSION
        ):
            content = unseal(sealed, sha256, width, height)
            if content is None:
                n_damaged += 1
            else:
                fingerprint, (loss,) = content[: -_LOSS.size], _LOSS.unpack(content[-_LOSS.size :])
                found[sha256] = PictureFacts(width, height, fingerprint, loss)
        if n_damaged:
            _logger.warning(
                "Sizes and fingerprints in %s that are damaged and will be computed again: %d",
                self._file.path,
                n_damaged,
            )
        return found

    def save(self, facts: Iterable[tuple[str, PictureFacts]]) -> None:
        """Store facts, each with the SHA-256 of its picture."""
        self._file.write_many(
            _INSERT,
            (
                (
                    sha256,
                    FINGERPRINT_VERSION,
                    f.width_px,
                    f.height_px,
                    seal(f.fingerprint + _LOSS.pack(f.loss), sha256, f.width_px, f.height_px),
                )
                for sha256, f in facts
            ),
        )
