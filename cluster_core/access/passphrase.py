"""The owner's passphrase, of which only a slow hash is configured."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

from cluster_core.access.modes import PASSPHRASE_VARIABLE
from cluster_core.errors import ConfigError

MIN_LENGTH = 12
# A megabyte is far more than anyone types.
MAX_LENGTH = 1_000
# 64 MB and about 0.2 s (RFC 7914; the numbers are those of OWASP's cheat sheet on passwords).
_N, _R, _P = 2**16, 8, 1
_MAX_MEMORY = 128 * 1024 * 1024
_SALT_BYTES, _KEY_BYTES = 16, 32
_N_FIELDS = 3


def hash_passphrase(passphrase: str) -> str:
    """Return a hash of a passphrase for `CLUSTER_LAB_PASSPHRASE_HASH`.

    Returns
    -------
    str
        `scrypt:SALT:KEY`, both hexadecimal; it needs no quotes in a shell.

    Raises
    ------
    ConfigError
        The passphrase is shorter than 12 or longer than 1,000 characters.
    """
    if not MIN_LENGTH <= len(passphrase) <= MAX_LENGTH:
        raise ConfigError(
            f"A passphrase needs {MIN_LENGTH} to {MAX_LENGTH:,} characters: use several words.",
            field="passphrase",
            received=f"{len(passphrase)} characters",
            allowed=f"{MIN_LENGTH} to {MAX_LENGTH} characters",
        )
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"scrypt:{salt.hex()}:{_derive(passphrase, salt).hex()}"


def is_passphrase(passphrase: str) -> bool:
    """Tell whether a passphrase is the configured one; False if there is none."""
    found = _read_hash()
    if found is None or len(passphrase) > MAX_LENGTH:
        return False
    salt, key = found
    return hmac.compare_digest(_derive(passphrase, salt), key)


def has_passphrase() -> bool:
    """Tell whether people can sign in with a passphrase."""
    return _read_hash() is not None


def check_passphrase_hash() -> None:
    """Check the configured hash, if there is one.

    Raises
    ------
    ConfigError
        It is malformed.
    """
    if os.environ.get(PASSPHRASE_VARIABLE) and _read_hash() is None:
        raise ConfigError(
            f"{PASSPHRASE_VARIABLE} is not a hash of a passphrase: set it to what "
            "`python -m cluster_core passphrase` prints.",
            field=PASSPHRASE_VARIABLE,
            received="another text",
            allowed="scrypt:SALT:KEY",
        )


def _read_hash() -> tuple[bytes, bytes] | None:
    fields = os.environ.get(PASSPHRASE_VARIABLE, "").strip().split(":")
    if len(fields) != _N_FIELDS or fields[0] != "scrypt":
        return None
    try:
        salt, key = bytes.fromhex(fields[1]), bytes.fromhex(fields[2])
    except ValueError:
        return None
    return (salt, key) if len(salt) == _SALT_BYTES and len(key) == _KEY_BYTES else None


def _derive(passphrase: str, salt: bytes) -> bytes:
    typed = passphrase.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(typed, salt=salt, n=_N, r=_R, p=_P, maxmem=_MAX_MEMORY, dklen=_KEY_BYTES)
