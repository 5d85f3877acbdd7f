"""The eight classical RFM cells and who belongs to which. Owns codes only; names for people are the product's."""

from __future__ import annotations

from liebian_analytics.errors import BadArgument

CELLS: dict[tuple[bool, bool, bool], str] = {
    (True, True, True): "important_value",
    (True, False, True): "important_develop",
    (False, True, True): "important_keep",
    (False, False, True): "important_winback",
    (True, True, False): "general_value",
    (True, False, False): "general_develop",
    (False, True, False): "general_keep",
    (False, False, False): "general_winback",
}
"""(recency high, frequency high, money high) to cell. Important = the money score is high."""

CELL_CODES: tuple[str, ...] = tuple(CELLS.values())


def default_high_from(bins: int) -> int:
    """Lowest score that counts as high: the first above the middle of 1..``bins``.

    >>> [default_high_from(bins) for bins in (2, 3, 4, 5)]
    [2, 3, 3, 4]
    """
    return (bins + 1) // 2 + 1


def name_cell(r: int, f: int, m: int, *, bins: int = 5, high_from: int | None = None) -> str:
    """Cell of one customer's three scores.

    Parameters
    ----------
    r, f, m
        Scores 1..``bins``, ``bins`` is best.
    bins
        Number of scores.
    high_from
        Lowest score that counts as high; ``None`` = the first above the middle (4 of 5).

    Raises
    ------
    BadArgument
        If a score lies outside 1..``bins``.

    Examples
    --------
    >>> name_cell(5, 4, 4), name_cell(1, 5, 3)
    ('important_value', 'general_keep')
    """
    if not all(1 <= score <= bins for score in (r, f, m)):
        raise BadArgument(f"scores must lie between 1 and {bins}, got {(r, f, m)}")
    limit = default_high_from(bins) if high_from is None else high_from
    return CELLS[r >= limit, f >= limit, m >= limit]
