"""Check the gzipped tiles of a compressed FITS picture for decompression bombs.

astropy unpacks each tile without a limit: a tile of one megabyte can become a gigabyte.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

from cluster_core.images.astronomy.fits_headers import FitsPart

_MAX_BYTES_PER_VALUE = 8
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_FALLBACK_COLUMN = "GZIP_COMPRESSED_DATA"  # for tiles that another method could not shrink


def check_gzipped_tiles(table: Any, part: FitsPart) -> None:
    """Check that every gzipped tile unpacks to no more than the tile size in the header.

    Parameters
    ----------
    table : astropy.io.fits.BinTableHDU
        The table of tiles, opened without decompression.
    part : FitsPart
        The part that the table belongs to.

    Raises
    ------
    ValueError
        A tile is larger than its header says.
    zlib.error
        A tile is damaged.
    """
    max_bytes = math.prod(part.tile_shape or ()) * _MAX_BYTES_PER_VALUE
    is_gzip = part.compression.startswith("GZIP")
    columns = {_FALLBACK_COLUMN, "COMPRESSED_DATA"} if is_gzip else {_FALLBACK_COLUMN}
    for column in columns.intersection(table.columns.names):
        for tile in table.data[column]:
            unpacker = zlib.decompressobj(_GZIP_WINDOW)
            if len(unpacker.decompress(tile.tobytes(), max_bytes + 1)) > max_bytes:
                raise ValueError("a tile unpacks to more than its header says")
