"""Keeps the warnings of Pillow and astropy to themselves.

What they warn of is here either an ImageError (a file that is cut short) or of no
consequence for the picture (a damaged EXIF block).
"""

from __future__ import annotations

import re
import warnings

_LIBRARIES = re.compile(r"(PIL|astropy)\.")


def silence_library_warnings() -> None:
    """Ignore warnings that Pillow's and astropy's own modules raise, in the whole process.

    `warnings.catch_warnings` saves and restores a list that all threads share: two
    pictures decoded at once could restore each other's. Adding one filter that stays
    is safe at any time, and costs nothing when it is there already.
    """
    if ("ignore", None, Warning, _LIBRARIES, 0) not in warnings.filters:
        warnings.filterwarnings("ignore", category=Warning, module=_LIBRARIES.pattern)
