"""Give the unpacked bytes of a TIFF page their meaning: predictor, number type and order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cluster_core.images.tiff.headers import TiffPage
from cluster_core.images.tiff.raw_bytes import ByteGrid, unpack_plane
from cluster_core.images.tiff.varieties import FLOAT, SIGNED

_BYTES_PER_STEP = 2**22
_HORIZONTAL, _FLOATING_POINT = 2, 3
_PREDICTED = frozenset({5, 8, 32946, 34925, 50000})  # compressions that use a predictor
_KINDS = {SIGNED: "i", FLOAT: "f"}


class TiffSamples:
    """The samples of a page that are shown, a few rows at a time.

    Parameters
    ----------
    data : bytes
        The whole file.
    page : TiffPage
        The page, whose sizes and layout have been checked.
    channels : range
        Which of the samples of a pixel are shown.
    """

    def __init__(self, data: bytes, page: TiffPage, channels: range) -> None:
        self._page, self._grid = page, ByteGrid.of(page)
        planes = channels if page.is_planar else range(1)
        # Of separate planes, only those that are shown are unpacked.
        self._channels = slice(None) if page.is_planar else slice(channels.start, channels.stop)
        self._planes = [unpack_plane(data, page, plane) for plane in planes]
        bits = page.bits[0]
        kind = _KINDS.get(page.sample_format, "u")
        self.dtype = np.dtype(f"{page.byte_order}{kind}{bits // 8}" if bits % 8 == 0 else "u1")

    def blocks(self) -> Iterator[tuple[int, NDArray[np.generic]]]:
        """Iterate over the rows from the top.

        Yields
        ------
        top : int
            Index of the first row of the block.
        values : ndarray
            Shape (rows, width, channels); integers or floats.
        """
        width, height = self._grid.row_bytes, self._grid.height
        step = max(1, _BYTES_PER_STEP // width)
        for top in range(0, height, step):
            box = (0, top, width, min(top + step, height))
            rows = [self._decode(np.asarray(plane.crop(box))) for plane in self._planes]
            yield top, np.concatenate(rows, axis=2)[..., self._channels]

    def _decode(self, rows: NDArray[np.uint8]) -> NDArray[np.generic]:
        """Turn bytes, shape (rows, row_bytes), to samples, shape (rows, width, samples)."""
        tile = self._grid.tile_bytes
        tiles = [self._decode_tile(rows[:, at : at + tile]) for at in range(0, rows.shape[1], tile)]
        whole = tiles[0] if len(tiles) == 1 else np.concatenate(tiles, axis=1)
        return whole[:, : self._page.width]

    def _decode_tile(self, rows: NDArray[np.uint8]) -> NDArray[np.generic]:
        page = self._page
        n_samples = 1 if page.is_planar else page.samples
        if page.bits[0] % 8:
            return _unpack_bits(rows, page.bits[0], n_samples)
        predictor = page.first(317, 1) if page.compression in _PREDICTED else 1
        if predictor == _FLOATING_POINT:
            return _undo_floating_point(rows, page.bits[0] // 8, n_samples)
        values = np.ascontiguousarray(rows).view(self.dtype)
        values = values.reshape(len(rows), -1, n_samples)
        if predictor == _HORIZONTAL:
            unsigned = values.view(self.dtype.str.replace("i", "u").replace("f", "u"))
            native = unsigned.astype(unsigned.dtype.newbyteorder("="))
            total = np.cumsum(native, axis=1, dtype=native.dtype)
            return total.view(self.dtype.newbyteorder("="))
        return values


def _unpack_bits(rows: NDArray[np.uint8], n_bits: int, n_samples: int) -> NDArray[np.uint16]:
    """Unpack numbers that are not whole bytes, highest bit first."""
    width = rows.shape[1] * 8 // (n_bits * n_samples)
    bits = np.unpackbits(rows, axis=1)[:, : width * n_samples * n_bits]
    bits = bits.reshape(len(rows), width, n_samples, n_bits)
    values = np.zeros(bits.shape[:3], np.uint16)
    for bit in range(n_bits):
        values = values << 1 | bits[..., bit]
    return values


def _undo_floating_point(
    rows: NDArray[np.uint8], n_bytes: int, n_samples: int
) -> NDArray[np.generic]:
    """Undo the predictor of floats: differences of bytes, all highest bytes of a row first."""
    steps = rows.reshape(len(rows), -1, n_samples)
    by_byte = np.cumsum(steps, axis=1, dtype=np.uint8).reshape(len(rows), n_bytes, -1)
    values = np.ascontiguousarray(by_byte.transpose(0, 2, 1)).view(f">f{n_bytes}")
    return values.reshape(len(rows), -1, n_samples)
