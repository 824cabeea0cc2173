"""Write an answer into the header of a FITS file, and change nothing else of it."""

from __future__ import annotations

import bz2
import gzip
import unicodedata

import numpy as np

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.astronomy.fits_compression import unpack
from cluster_core.images.library_warnings import silence_library_warnings
from cluster_core.images.limits import DEFAULT_LIMITS, ImageLimits
from cluster_core.images.sniffing import BZIP2_MAGIC, GZIP_MAGIC

CLASS_CARDS = {
    "CLASS": "by Cluster Lab",
    "CLASSP": "score of the best class, 0 to 1",
    "CLMODEL": "model",
}
_CARD_BYTES, _BLOCK_BYTES = 80, 2880
_MAX_TEXT = 45  # leaves room for the comment
_CHECKSUM, _VALUE = "CHECKSUM", slice(11, 27)


def add_class_cards(
    data: bytes,
    name: str,
    answer: tuple[str, float, str],
    limits: ImageLimits = DEFAULT_LIMITS,
) -> bytes:
    """Return a FITS file with the cards CLASS, CLASSP and CLMODEL in its first header.

    All other cards and everything after the header stay the same, byte by byte. Only a CHECKSUM
    is renewed, which would be wrong otherwise, and earlier cards of this function are replaced.

    Parameters
    ----------
    data : bytes
        Content of the file. One that is compressed by gzip or bzip2 is compressed again.
    name : str
        Name of the file, for messages.
    answer : tuple of (str, float, str)
        The class or verdict, the score (0 to 1) and the model.
    limits : ImageLimits
        How much is unpacked at most.

    Returns
    -------
    bytes
        Content of the new file.

    Raises
    ------
    ImageError
        The file is damaged or too large, has no complete header, or has such cards of another
        program.
    """
    unpacked = unpack(data, name, limits)
    cards = _read_cards(unpacked, name)
    n_header_bytes = _round_up((len(cards) + 1) * _CARD_BYTES)
    header = _make_header(cards, answer, name)
    added = _renew_checksum(header, unpacked, n_header_bytes) + unpacked[n_header_bytes:]
    if data.startswith(GZIP_MAGIC):
        return gzip.compress(added, mtime=0)
    return bz2.compress(added) if data.startswith(BZIP2_MAGIC) else added


def _read_cards(data: bytes, name: str) -> list[bytes]:
    """Return the cards of the first header, without END."""
    cards: list[bytes] = []
    for start in range(0, len(data) - _CARD_BYTES + 1, _CARD_BYTES):
        card = data[start : start + _CARD_BYTES]
        if card[:8] == b"END     ":
            return cards
        cards.append(card)
    raise ImageError(
        f"{name} has no complete FITS header, so that no cards were written: get a new copy.",
        path=name,
        reason=ImageProblem.UNREADABLE,
    )


def _make_header(cards: list[bytes], answer: tuple[str, float, str], name: str) -> list[bytes]:
    """Return the cards with those of the answer, in place of earlier ones."""
    present = {_get_keyword(card) for card in cards}.intersection(CLASS_CARDS)
    if present and present != set(CLASS_CARDS):
        raise ImageError(
            f"{name} has a card {min(present)} of another program already, so that no cards were "
            "written: rename that card, or read the answer in the table.",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        )
    own = _format_cards(answer)
    kept = [own.pop(_get_keyword(card), card) for card in cards]
    return [*kept, *own.values()]


def _format_cards(answer: tuple[str, float, str]) -> dict[str, bytes]:
    from astropy.io import fits

    silence_library_warnings()
    label, score, model = answer
    values = (_make_ascii(label), round(score, 5), _make_ascii(model))
    return {
        keyword: fits.Card(keyword, value, comment).image.encode("ascii")
        for (keyword, comment), value in zip(CLASS_CARDS.items(), values, strict=True)
    }


def _make_ascii(text: str) -> str:
    """Return a text in the characters that a card can have."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" else "?" for c in plain[:_MAX_TEXT])


def _get_keyword(card: bytes) -> str:
    return card[:8].decode("latin-1").rstrip()


def _renew_checksum(cards: list[bytes], data: bytes, n_old_bytes: int) -> bytes:
    """Return the bytes of a header whose CHECKSUM, if it has one, is right.

    The checksum is that of the FITS standard 4.0, appendix J: the sum of all 32-bit words of the
    header and data in ones' complement is -0.
    """
    from astropy.io import fits

    numbers = [n for n, card in enumerate(cards) if _get_keyword(card) == _CHECKSUM]
    if not numbers:
        return _join(cards)
    card, number = bytearray(cards[numbers[0]]), numbers[0]
    if card[_VALUE.start - 1 : _VALUE.start] != b"'":
        return _join(cards)
    card[_VALUE] = b"0" * 16
    zeroed = _join([*cards[:number], bytes(card), *cards[number + 1 :]])
    n_data_bytes = fits.Header.fromstring(data[:n_old_bytes]).data_size_padded
    total = _add_words(zeroed + data[n_old_bytes : n_old_bytes + n_data_bytes])
    card[_VALUE] = _encode(~total & 0xFFFFFFFF)
    return _join([*cards[:number], bytes(card), *cards[number + 1 :]])


def _add_words(data: bytes) -> int:
    """Return the sum of 32-bit words in ones' complement."""
    padded = data + bytes(-len(data) % 4)
    total = int(np.frombuffer(padded, ">u4").sum(dtype=np.uint64))
    while total >> 32:
        total = (total & 0xFFFFFFFF) + (total >> 32)
    return total


def _encode(complement: int) -> bytes:
    """Return a checksum as 16 letters and digits."""
    encoded = bytearray(16)
    for byte_number, byte in enumerate(complement.to_bytes(4, "big")):
        quotient, rest = divmod(byte, 4)
        parts = [quotient + rest + ord("0"), *[quotient + ord("0")] * 3]
        while any(not chr(part).isalnum() for part in parts):
            for first in (0, 2):  # the sum of each pair stays
                if any(not chr(part).isalnum() for part in parts[first : first + 2]):
                    parts[first] += 1
                    parts[first + 1] -= 1
        for place, part in enumerate(parts):
            encoded[4 * place + byte_number] = part
    return bytes(encoded[-1:] + encoded[:-1])  # the value begins in the fourth byte of a word


def _join(cards: list[bytes]) -> bytes:
    text = b"".join([*cards, b"END".ljust(_CARD_BYTES)])
    return text.ljust(_round_up(len(text)))


def _round_up(n_bytes: int) -> int:
    return -(-n_bytes // _BLOCK_BYTES) * _BLOCK_BYTES
