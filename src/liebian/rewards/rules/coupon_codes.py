"""Codes of coupons: made from a key, so that nobody guesses them, and the codes of others, cleaned. Plain Python."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _

LETTERS = "23456789BCDFGHJKMNPQRSTVWXZ"  # no 0 O 1 I L, and no vowels, so that no words arise
LONGEST = 40
MOST_CODES = 5_000_000
GUESSES = 1_000_000  # a guess is right at most once in so many
_BLOCK = 200_000
_FAIR = 256 - 256 % len(LETTERS)
_RUDE = re.compile("FCK|FKC|F4CK|FVCK|SHT|5HT|DCK|CNT|KKK|N4Z|WTF|SB|2B|CNM|TMD|S3X|TWT|BTCH|G4Y|F4G|NGR|R4P|748|438")
_GOOD = re.compile(r"[A-Z0-9][A-Z0-9_-]*")
_PREFIX = re.compile(r"[A-Z0-9-]{0,12}")


def check_codes(n_codes: int, prefix: str, length: int) -> None:
    """Raises Invalid when so many codes of that length could be guessed, or the prefix is none."""
    if not 0 < n_codes <= MOST_CODES:
        raise Invalid("pool_size", _("Make between 1 and %(most)s codes at a time."), most=MOST_CODES)
    if not _PREFIX.fullmatch(prefix):
        raise Invalid("pool_prefix", _("A prefix has at most 12 capital letters, digits and hyphens."))
    shortest = shortest_length(n_codes)
    if not shortest <= length <= LONGEST - len(prefix):
        raise Invalid(
            "pool_length",
            _("%(n)s codes need at least %(shortest)s signs after the prefix, so that nobody can guess one, and at most %(longest)s."),
            n=n_codes, shortest=shortest, longest=LONGEST - len(prefix),
        )  # fmt: skip


def shortest_length(n_codes: int) -> int:
    """
    >>> shortest_length(1_000_000), shortest_length(100)
    (9, 6)
    """
    length = 1
    while len(LETTERS) ** length < n_codes * GUESSES:
        length += 1
    return length


def make_codes(key: bytes, n_codes: int, *, prefix: str = "", length: int = 10) -> Iterator[list[str]]:
    """`n_codes` different codes in blocks, each block ascending; the same key gives the same codes. `key` has 32 bytes."""
    stream = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    signs = np.frombuffer(LETTERS.encode(), dtype=np.uint8)
    seen: set[bytes] | None = set() if n_codes > _BLOCK else None
    n_left = n_codes
    while n_left:
        n_block = min(n_left, _BLOCK)
        codes = _clean(np.unique(_draw(stream, signs, n_block, length)))
        if seen is not None:
            codes = [code for code in codes if code not in seen]
            seen.update(codes)
        n_left -= len(codes)
        yield [prefix + code.decode() for code in codes]


def _draw(stream: object, signs: np.ndarray, n_codes: int, length: int) -> np.ndarray:
    """Random codes; bytes that would favour some letters are left out."""
    wanted = n_codes * length
    noise = np.empty(0, dtype=np.uint8)
    while len(noise) < wanted:
        fresh = np.frombuffer(stream.update(bytes(wanted + wanted // 10 + 64)), dtype=np.uint8)  # type: ignore[attr-defined]
        noise = np.concatenate([noise, fresh[fresh < _FAIR]])
    letters = signs[noise[:wanted] % len(LETTERS)]
    return np.ascontiguousarray(letters).view(f"S{length}").reshape(-1)


def _clean(codes: np.ndarray) -> list[bytes]:
    """Without those that would offend somebody."""
    listed: list[bytes] = codes.tolist()
    text = b"\n".join(listed).decode()
    width = len(listed[0]) + 1
    rude = {found.start() // width for found in _RUDE.finditer(text)}
    return [code for place, code in enumerate(listed) if place not in rude]


def clean_code(text: str) -> str:
    """A code as somebody typed it; spaces around it and small letters are forgiven."""
    return text.strip().upper()


def code_cause(qualification: str, rule: str, role: str) -> str:
    """What a code of a pool is given to: the same reward after a replay, too."""
    return "\x1f".join((qualification, rule, role))


def is_gift_code(text: str) -> bool:
    """Codes of others are kept as they are: capitals and small letters, any sign but spaces.

    >>> is_gift_code("aB3$-x/9"), is_gift_code("two words"), is_gift_code("x" * 41)
    (True, False, False)
    """
    return 4 <= len(text) <= LONGEST and text.isascii() and text.isprintable() and " " not in text


def is_code(text: str) -> bool:
    """
    >>> is_code("SPRING-25"), is_code("no spaces"), is_code("")
    (True, False, False)
    """
    return 4 <= len(text) <= LONGEST and bool(_GOOD.fullmatch(text))
