"""Silence the warnings of Pillow and astropy.

Their causes either become an ImageError (such as a truncated file) or do not affect the
picture (such as a damaged EXIF block).
"""

from __future__ import annotations

import re
import warnings

_LIBRARIES = re.compile(r"(PIL|astropy)\.")


def silence_library_warnings() -> None:
    """Ignore all warnings issued by the modules of Pillow and astropy, process-wide.

    `warnings.catch_warnings` is not thread-safe: it saves and restores a list that all
    threads share. A single permanent filter is safe, and is added only once.
    """
    if ("ignore", None, Warning, _LIBRARIES, 0) not in warnings.filters:
        warnings.filterwarnings("ignore", category=Warning, module=_LIBRARIES.pattern)
