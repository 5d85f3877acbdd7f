"""From what was typed to a rule: finished conditions count, the others say what they lack."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from liebian.core.errors import Invalid
from liebian.core.money import to_minor
from liebian.core.texts import Term
from liebian.segments import queries
from liebian.segments.forms.draft import Node
from liebian.segments.forms.subjects import Subject, find_subject
from liebian.ui.formats import error_text, term_text

_LIST = re.compile(r"[,，、;；\n]+")


class Unfinished(Exception):
    """A condition lacks something; the message says what."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The rule of all finished conditions, and how many are not."""

    rule: dict[str, Any]
    n_unfinished: int
    n_conditions: int


def finish(root: Node, currency: str) -> Finished:
    """Puts errors and places on the nodes of the draft, and returns what counts."""
    rule = _build(root, (), currency) or {"kind": "all_of", "rules": []}
    conditions = [node for node in root.walk() if not node.branch]
    return Finished(rule, sum(1 for node in conditions if node.error), len(conditions))


def _build(node: Node, path: tuple[int, ...], currency: str) -> dict[str, Any] | None:
    node.error, node.rule_path = "", None
    if not node.branch:
        built = _condition(node, currency)
    else:
        rules: list[dict[str, Any]] = []
        for child in node.children:
            rule = _build(child, (*path, len(rules)), currency)
            if rule is not None:
                rules.append(rule)
        built = {"kind": node.branch, "rules": rules} if rules else None
    if built is not None:
        node.rule_path = path
    return built


def _condition(node: Node, currency: str) -> dict[str, Any] | None:
    try:
        rule = _typed(node, currency)
        queries.parse(rule)
    except Unfinished as problem:
        node.error = str(problem)
    except Invalid as problem:
        node.error = _("This cannot be asked: %(reason)s.") % {"reason": _reason(problem)}
    else:
        return rule
    return None


def _reason(problem: Invalid) -> str:
    reason = problem.details.get("reason")
    return term_text(reason) if isinstance(reason, Term) else error_text(problem)


def _typed(node: Node, currency: str) -> dict[str, Any]:
    subject = find_subject(node.what)
    if subject is None:
        raise Unfinished(_("Choose what this condition is about."))
    if subject.kind == "tier":
        if not node.cells:
            raise Unfinished(_("Choose at least one tier."))
        return {"kind": "tier", "model": subject.name, "cells": node.cells}
    if node.op not in dict(subject.ops):
        node.op = subject.ops[0][0]
    named = "metric" if subject.kind == "orders" else "name"
    rule: dict[str, Any] = {"kind": subject.kind, named: subject.name, "op": node.op}
    if node.op not in {"is_set", "not_set"}:
        rule["value"] = _value(node, subject, currency)
    if subject.has_window:
        rule["window_days"] = _window(node.window)
        if subject.kind == "orders" and node.channel:
            rule["channel"] = node.channel
    return rule


def _window(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 3660:
        raise Unfinished(_("Give the window in whole days, from 1 to 3660, or leave it empty for all time."))
    return int(text)


def _value(node: Node, subject: Subject, currency: str) -> Any:
    if subject.shape == "text" and node.op == "in":
        values = [part.strip() for part in _LIST.split(node.value) if part.strip()]
        if not values:
            raise Unfinished(_("Write one or more values, separated by commas."))
        return values
    if node.op == "between":
        ends = [_one(text, subject, currency) for text in (node.value, node.value2)]
        if ends[0] > ends[1]:
            raise Unfinished(_("The first value must not be larger than the second."))
        return ends
    return _one(node.value, subject, currency)


def _one(text: str, subject: Subject, currency: str) -> Any:
    if not text:
        raise Unfinished(_("Give a value."))
    if subject.shape == "text":
        return text
    try:
        if subject.shape == "day":
            return date.fromisoformat(text).isoformat()
        if subject.shape == "money":
            return to_minor(text.replace(",", ""), currency)
        return int(text)
    except (ValueError, Invalid):
        texts = {"day": _("Give a day such as 2026-06-12."), "money": _("Give an amount such as 120 or 99.50.")}
        raise Unfinished(texts.get(subject.shape, _("Give a whole number."))) from None
