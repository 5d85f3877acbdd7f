"""Questions about a whole rule tree: whom it matches, what it needs, how it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from liebian_analytics.errors import BadArgument
from liebian_analytics.rules.all_of import AllOf
from liebian_analytics.rules.base import Rule
from liebian_analytics.rules.columns import Column
from liebian_analytics.rules.frames import Frame, Mask
from liebian_analytics.rules.words import Money, Words
from liebian_analytics.rules.words_en import English
from liebian_analytics.rules.words_zh import Chinese

LANGUAGES: dict[str, type[Words]] = {"zh": Chinese, "en": English}


def walk(rule: Rule) -> Iterator[Rule]:
    """The node and all nodes below it, in reading order.

    >>> from liebian_analytics.rules.parse import parse_rule
    >>> len(list(walk(parse_rule({"kind": "none_of", "rules": [{"kind": "events", "name": "Seen"}]}))))
    2
    """
    yield rule
    for child in rule.children():
        yield from walk(child)


def columns_needed(*rules: Rule) -> tuple[Column, ...]:
    """The distinct columns that one or more rules need, in reading order.

    Rules that count the same thing in the same window share the column, so many rules cost hardly more than one.

    Examples
    --------
    >>> from liebian_analytics.rules.parse import parse_rule
    >>> often = parse_rule({"kind": "orders", "metric": "n_orders", "op": "ge", "value": 2, "window_days": 90})
    >>> seldom = parse_rule({"kind": "orders", "metric": "n_orders", "op": "lt", "value": 2, "window_days": 90})
    >>> [column.key for column in columns_needed(often, seldom)]
    ['orders:n_orders:90']
    """
    return tuple(dict.fromkeys(column for rule in rules for node in walk(rule) for column in node.columns()))


def evaluate(rule: Rule, frame: Frame) -> Mask:
    """Which customers of a frame the rule matches.

    Parameters
    ----------
    rule
        A parsed rule.
    frame
        One array (texts also as ``Coded``) per column, equally long and in the same order of customers: those of ``columns_needed(rule)`` under
        their ``key``, and at least one (``customer_id``) for a rule without conditions. ``frame_from_arrow`` makes it.

    Returns
    -------
    Boolean array, one place per customer, never null.

    Raises
    ------
    BadArgument
        If a column is missing.

    Notes
    -----
    Unknown values: a condition on an unknown value (a city nobody told, the average of no orders, a tier of somebody
    the model does not place) is not matched, whatever its operator; only ``not_set`` asks for the unknown. ``all_of``,
    ``any_of`` and ``none_of`` then work on plain true and false: ``none_of`` of an unknown is matched.

    Examples
    --------
    >>> import numpy as np
    >>> from liebian_analytics.rules.parse import parse_rule
    >>> rule = parse_rule({"kind": "none_of", "rules": [
    ...     {"kind": "attribute", "name": "city", "op": "eq", "value": "上海"}]})
    >>> evaluate(rule, {"city": np.array(["上海", "北京", None], dtype=object)}).tolist()
    [False, True, True]
    """
    return rule.matches(frame)


def describe(rule: Rule, lang: str, *, labels: Mapping[str, str] | None = None, money: Money | None = None) -> str:
    """The rule as one sentence, to read aloud before anybody saves it.

    Parameters
    ----------
    rule
        A parsed rule.
    lang
        ``zh`` or ``en``; longer codes such as ``zh-hans`` are cut.
    labels
        Names for codes: ``city``, ``tier:rfm``, ``tier:rfm:important_value``, ``event:Product Viewed``,
        ``channel:store``. Codes without a label use the language's own name, or show themselves.
    money
        Writes an amount in minor units; ``None`` = major units with two decimals, without a currency.

    Raises
    ------
    BadArgument
        If the language is not spoken here.

    Examples
    --------
    >>> from liebian_analytics.rules.parse import parse_rule
    >>> rule = parse_rule({"kind": "all_of", "rules": [
    ...     {"kind": "orders", "metric": "n_orders", "op": "ge", "value": 2, "window_days": 90},
    ...     {"kind": "attribute", "name": "city", "op": "in", "value": ["上海", "杭州"]}]})
    >>> describe(rule, "en")
    'Customers who placed at least 2 orders in the last 90 days and have city “上海” or “杭州”.'
    >>> describe(rule, "zh")
    '找出最近 90 天下单至少 2 次，并且城市是「上海」或「杭州」的客户。'
    """
    try:
        words = LANGUAGES[lang[:2].lower()](labels, money)
    except KeyError:
        raise BadArgument(f"rules can be read aloud in {' and '.join(LANGUAGES)}, not in {lang!r}") from None
    return words.sentence(rule.say(words), everybody=isinstance(rule, AllOf) and not rule.rules)
