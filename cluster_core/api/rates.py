"""How many pictures a key or client may have labelled in a minute."""

from __future__ import annotations

import os
import re

from cluster_core.errors import ConfigError

RATE_VARIABLE = "CLUSTER_LAB_API_PER_MINUTE"
DEFAULT_PER_MINUTE = 300
_MAX_PER_MINUTE = 1_000_000


def read_rate() -> int:
    """Return the pictures a minute that CLUSTER_LAB_API_PER_MINUTE allows, or the default.

    Raises
    ------
    ConfigError
        The variable is not a whole number from 0.
    """
    text = os.environ.get(RATE_VARIABLE, str(DEFAULT_PER_MINUTE))
    if not re.fullmatch("[0-9]{1,7}", text) or int(text) > _MAX_PER_MINUTE:
        raise ConfigError(
            f"{RATE_VARIABLE} must be a whole number from 0, which is no limit, to "
            f"{_MAX_PER_MINUTE:,}, not {text!r}.",
            field=RATE_VARIABLE,
            received=text,
            allowed=f"0 to {_MAX_PER_MINUTE}",
        )
    return int(text)
