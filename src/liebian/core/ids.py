"""Ids and codes that are made from their cause, so that a repeat is the same thing, and how people name a customer."""

from __future__ import annotations

import hashlib
import uuid

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L
_NAMESPACE = uuid.UUID("6b8d2b0e-52d1-4a52-9a3e-0c6a5f1d7e10")


def caused_by(*cause: object) -> str:
    """A message id for an outcome, stable for its cause.

    >>> caused_by("reward", 7) == caused_by("reward", 7), caused_by("reward", 8) == caused_by("reward", 7)
    (True, False)
    """
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(map(str, cause))))


def code_from(*cause: object, length: int = 7) -> str:
    """An unambiguous code from a cause (upper case, no 0 O 1 I L)."""
    number = int.from_bytes(hashlib.blake2b("\x1f".join(map(str, cause)).encode(), digest_size=16).digest(), "big")
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)


def bucket_of(salt: str, subject: object) -> float:
    """A number in [0, 1) that is stable for (salt, subject): the draw for holdouts.

    >>> bucket_of("p1", 7) == bucket_of("p1", 7)
    True
    """
    digest = hashlib.blake2b(f"{salt}\x1f{subject}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def read_customer_number(text: str) -> int | None:
    """The customer of a number as people write it; None for anything else.

    >>> read_customer_number(" c-000123 "), read_customer_number("123"), read_customer_number("C-²")
    (123, None, None)
    """
    clean = text.strip().upper()
    digits = clean.removeprefix("C-")
    is_number = clean.startswith("C-") and digits.isascii() and digits.isdecimal() and len(digits) < 19
    return int(digits) if is_number else None


def customer_number(customer_id: int) -> str:
    """How people name a customer: C-000123.

    >>> customer_number(123), customer_number(12345678)
    ('C-000123', 'C-12345678')
    """
    return f"C-{customer_id:06d}"
