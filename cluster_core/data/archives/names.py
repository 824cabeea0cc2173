"""Decode the names in a .zip, which need not say how they are encoded."""

from __future__ import annotations

import contextlib
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Sequence

_UTF8_FLAG = 0x800
_FIELD = struct.Struct("<HH")  # kind and length of an extra field
# Python decodes names without the flag as cp437, which has a character for every byte.
_ZIP_DEFAULT = "cp437"
_SHIFT_JIS = "cp932"
_CHINESE = "gb2312"
_ASCII = 0x80
_UNICODE_PATH = 0x7075  # of the extra fields: the name in UTF-8, which Info-ZIP and 7-Zip add
_DESCRIPTIONS = {
    _ZIP_DEFAULT: "Western European (code page 437)",
    _SHIFT_JIS: "Japanese (Shift-JIS)",
    _CHINESE: "Chinese (GBK)",
}


def to_slashes(name: str) -> str:
    """Return the name of an entry with slashes, for which programs on Windows use backslashes."""
    return name.replace("\\", "/")


def decode_names(infos: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str | None]:
    """Return the names of the entries of an archive, and how they were guessed.

    Names without the flag for UTF-8 are tried as UTF-8, which macOS writes, unless the entry has
    its name in Unicode as well. Of the rest, all are Japanese if they decode to kana and kanji,
    or else Chinese if they decode to common characters, and the default of .zip files would
    show symbols.

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
    guesses = (code for code in (_SHIFT_JIS, _CHINESE) if _are_east_asian(unclear, code))
    encoding = next(guesses, _ZIP_DEFAULT)
    guessed = iter([name.decode(encoding) for name in unclear])
    return [next(guessed) if name is None else name for name in names], _DESCRIPTIONS[encoding]


def _read_certain(info: zipfile.ZipInfo) -> str | None:
    """Return a name that is flagged as, or can only be, UTF-8; None for another one."""
    if info.flag_bits & _UTF8_FLAG:
        return info.orig_filename
    if unicode_path := _find_unicode_path(info):
        return unicode_path
    try:
        return info.orig_filename.encode(_ZIP_DEFAULT).decode()
    except UnicodeError:
        return None


def _find_unicode_path(info: zipfile.ZipInfo) -> str | None:
    extra, checksum = info.extra, zlib.crc32(info.orig_filename.encode(_ZIP_DEFAULT))
    while len(extra) >= _FIELD.size:
        kind, n_bytes = _FIELD.unpack_from(extra)
        field, extra = extra[_FIELD.size :][:n_bytes], extra[_FIELD.size + n_bytes :]
        # A version, and a checksum that fails if the other name was changed afterwards.
        if kind == _UNICODE_PATH and field[:5] == struct.pack("<BL", 1, checksum):
            with contextlib.suppress(UnicodeDecodeError):
                return field[5:].decode()
    return None


def _are_east_asian(names: Iterable[bytes], encoding: str) -> bool:
    try:
        decoded = {c for name in names for c in name.decode(encoding)}
    except UnicodeDecodeError:
        return False
    western = {c for name in names for c in name.decode(_ZIP_DEFAULT)}
    has_symbols = any(
        ord(c) >= _ASCII and not unicodedata.category(c).startswith("L") for c in western
    )
    return has_symbols and all(ord(c) < _ASCII or _is_east_asian(c) for c in decoded)


def _is_east_asian(character: str) -> bool:
    kinds = ("HIRAGANA", "KATAKANA", "HALFWIDTH", "FULLWIDTH", "CJK", "IDEOGRAPHIC")
    is_punctuation = unicodedata.category(character)[0] in "PSZ"
    return is_punctuation or unicodedata.name(character, "").startswith(kinds)
