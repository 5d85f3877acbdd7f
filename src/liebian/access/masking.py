"""Masks for personal fields: enough to recognise somebody you know, not enough to find somebody you do not. Plain Python.

>>> mask_name("林晚秋"), mask_phone("13812346021"), mask_email("wanqiu@example.com")
('林*秋', '138****6021', 'w***@example.com')
"""

from __future__ import annotations

from collections.abc import Callable

import phonenumbers

_HIDDEN = "****"
_FIRST_WIDE_LETTER = "\u2e80"  # CJK radicals; everything below is alphabets


def mask_name(value: str) -> str:
    """First and last character of a Chinese name; the initials of a name in letters.

    >>> mask_name("林秋"), mask_name("欧阳晚秋"), mask_name("Anna Maria Berg"), mask_name("林"), mask_name("")
    ('林*', '欧**秋', 'A*** M*** B***', '*', '')
    """
    words = value.split()
    if not words:
        return ""
    if any(letter >= _FIRST_WIDE_LETTER for letter in value):
        name = "".join(words)
        if len(name) < 3:
            return name[: len(name) - 1] + "*"
        return name[0] + "*" * min(len(name) - 2, 3) + name[-1]
    return " ".join(word[0] + "***" if len(word) > 1 else "*" for word in words)


def mask_phone(value: str) -> str:
    """Country, first and last digits. At least four digits stay hidden; short numbers stay hidden whole.

    >>> mask_phone("+86 138 1234 6021"), mask_phone("+44 20 7946 0018"), mask_phone("12345")
    ('+86 138****6021', '+44 20****0018', '****')
    """
    if not value.strip():
        return ""
    country, digits = _split_country(value)
    head = 3 if len(digits) == 11 else 2
    if len(digits) < head + 4 + 4:
        shown = digits[-2:] if len(digits) >= 6 else ""
        return country + _HIDDEN + shown
    return country + digits[:head] + _HIDDEN + digits[-4:]


def _split_country(value: str) -> tuple[str, str]:
    digits = "".join(letter for letter in value if letter in "0123456789")
    if value.strip().startswith("+"):
        try:
            number = phonenumbers.parse("+" + digits, None)
        except phonenumbers.NumberParseException:
            return "", digits
        return f"+{number.country_code} ", str(number.national_number)
    return "", digits


def mask_email(value: str) -> str:
    """First letter and the domain.

    >>> mask_email("q@example.com"), mask_email("not an address")
    ('*@example.com', 'n****s')
    """
    local, at, domain = value.strip().rpartition("@")
    if not at:
        return mask_generic(value)
    return ("*" if len(local) < 2 else local[0] + "***") + "@" + domain


def mask_generic(value: str) -> str:
    """First and last character of anything longer than five.

    >>> mask_generic("oX8f2kQ9"), mask_generic("12345"), mask_generic("")
    ('o****9', '****', '')
    """
    text = value.strip()
    if len(text) > 5:
        return text[0] + _HIDDEN + text[-1]
    return _HIDDEN if text else ""


_BY_FIELD: dict[str, Callable[[str], str]] = {"name": mask_name, "phone": mask_phone, "email": mask_email}


def mask_field(field: str, value: str) -> str:
    """The mask for a personal field by its name; fields without a mask of their own get the generic one.

    >>> mask_field("phone", "13812346021"), mask_field("openid", "oX8f2kQ9")
    ('138****6021', 'o****9')
    """
    return _BY_FIELD.get(field, mask_generic)(value)
