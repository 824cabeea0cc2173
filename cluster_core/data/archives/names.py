"""Decode the names in a .zip, which need not say how they are encoded."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Iterable, Sequence

_UTF8_FLAG = 0x800
# Python decodes names without the flag as cp437, which has a character for every byte.
_ZIP_DEFAULT = "cp437"
_SHIFT_JIS = "cp932"
_ASCII = 0x80
_DESCRIPTIONS = {
    _ZIP_DEFAULT: "Western European (code page 437)",
    _SHIFT_JIS: "Japanese (Shift-JIS)",
}


def decode_names(infos: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str | None]:
    """Return the names of the entries of an archive, and how they were guessed.

    Names without the flag for UTF-8 are tried as UTF-8, which macOS writes. Of the rest, all are
    Japanese if they decode to kana and kanji, and the default of .zip files would show symbols.

    Parameters
    ----------
    infos : sequence of ZipInfo
        All entries of the archive.

    Returns
    -------
    names : list of str
        In the order of `infos`.
    guess : str or None
        The assumed encoding, such as "Japanese (Shift-JIS)"; None if nothing was guessed.
    """
    names = [_read_certain(info) for info in infos]
    unclear = [
        info.orig_filename.encode(_ZIP_DEFAULT)
        for info, name in zip(infos, names, strict=True)
        if name is None
    ]
    if not unclear:
        return [name or "" for name in names], None
    encoding = _SHIFT_JIS if _are_japanese(unclear) else _ZIP_DEFAULT
    guessed = iter([name.decode(encoding) for name in unclear])
    return [next(guessed) if name is None else name for name in names], _DESCRIPTIONS[encoding]


def _read_certain(info: zipfile.ZipInfo) -> str | None:
    """Return a name that is flagged as, or can only be, UTF-8; None for another one."""
    if info.flag_bits & _UTF8_FLAG:
        return info.orig_filename
    try:
        return info.orig_filename.encode(_ZIP_DEFAULT).decode()
    except UnicodeError:
        return None


def _are_japanese(names: Iterable[bytes]) -> bool:
    try:
        japanese = {c for name in names for c in name.decode(_SHIFT_JIS)}
    except UnicodeDecodeError:
        return False
    western = {c for name in names for c in name.decode(_ZIP_DEFAULT)}
    has_symbols = any(
        ord(c) >= _ASCII and not unicodedata.category(c).startswith("L") for c in western
    )
    return has_symbols and all(ord(c) < _ASCII or _is_japanese(c) for c in japanese)


def _is_japanese(character: str) -> bool:
    kinds = ("HIRAGANA", "KATAKANA", "HALFWIDTH", "FULLWIDTH", "CJK", "IDEOGRAPHIC")
    is_punctuation = unicodedata.category(character)[0] in "PSZ"
    return is_punctuation or unicodedata.name(character, "").startswith(kinds)
