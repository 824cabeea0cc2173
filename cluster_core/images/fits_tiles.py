"""Looks through the gzipped tiles of a compressed FITS picture for one that unpacks too far.

astropy unpacks a tile whole, whatever comes out: a tile of a megabyte may hold a gigabyte.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

from cluster_core.images.fits_headers import FitsPart

_MAX_BYTES_A_VALUE = 8
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_FALLBACK_COLUMN = "GZIP_COMPRESSED_DATA"  # for tiles that another method could not shrink


def check_gzipped_tiles(table: Any, part: FitsPart) -> None:
    """Unpack every gzipped tile, no further than a tile is large, and drop it.

    Parameters
    ----------
    table : astropy.io.fits.BinTableHDU
        The table that holds the tiles, opened without undoing its compression.
    part : FitsPart
        What its header says.

    Raises
    ------
    ValueError
        If a tile is larger than the header says.
    zlib.error
        If a tile is damaged.
    """
    most = math.prod(part.tile_shape or ()) * _MAX_BYTES_A_VALUE
    is_gzip = part.compression.startswith("GZIP")
    columns = {_FALLBACK_COLUMN, "COMPRESSED_DATA"} if is_gzip else {_FALLBACK_COLUMN}
    for column in columns.intersection(table.columns.names):
        for tile in table.data[column]:
            if len(zlib.decompressobj(_GZIP_WINDOW).decompress(tile.tobytes(), most + 1)) > most:
                raise ValueError("a tile unpacks to more than its header says")
