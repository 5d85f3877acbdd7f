"""Addresses of pages without what their query says of a person, as the snippet of our own pages sends them."""

from __future__ import annotations

from typing import Any

_CAMPAIGN = frozenset({"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id"})
_ADDRESSES = ("url", "referrer", "path", "search")


def plain_address(address: str) -> str:
    """Of the query the campaign stays; of what follows `#` only a route, without a query of its own.

    >>> plain_address("https://shop.cn/a?phone=13800138000&utm_source=wx&x=1#top"), plain_address("/a#/tea?token=7")
    ('https://shop.cn/a?utm_source=wx', '/a#/tea')
    >>> plain_address("?email=lin@example.com&utm_id=3"), plain_address("https://shop.cn/a")
    ('?utm_id=3', 'https://shop.cn/a')
    """
    if "?" not in address and "#" not in address:
        return address
    head, _, fragment = address.partition("#")
    place, _, query = head.partition("?")
    campaign = "&".join(part for part in query.split("&") if part.partition("=")[0] in _CAMPAIGN)
    route = fragment.partition("?")[0] if fragment.startswith(("/", "!/")) else ""
    return place + (f"?{campaign}" if campaign else "") + (f"#{route}" if route else "")


def plain_page(page: Any) -> Any:
    """What is said of a page, its addresses made plain. The usual case, that they are, copies nothing."""
    if not isinstance(page, dict):
        return page
    said = {name: page[name] for name in _ADDRESSES if isinstance(page.get(name), str)}
    plain = {name: plain_address(address) for name, address in said.items()}
    return page if plain == said else {**page, **plain}
