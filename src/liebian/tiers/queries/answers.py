"""Tiers as of any day: counts, shares, the grid, who moves. Reads the lake, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from liebian.tiers import words
from liebian.tiers.queries.catalog import find_model, get_model, list_models
from liebian.tiers.queries.places import Places, compute_places
from liebian.tiers.rules import CELLS, as_json, parse_parameters
from liebian.tiers.types import NOWHERE, Move, Preview, Square, TierAnswer, TierGroup, TierModelView, TierReason

_CURVE_POINTS = 200


def find_places(model: TierModelView, as_of: date) -> Places:
    return compute_places(model.kind, parse_parameters(model.kind, model.parameters), as_of)


def answer_tiers(model_id: int, as_of: date) -> TierAnswer:
    """One model as of an exclusive day: that day itself does not count."""
    model = get_model(model_id)
    places = find_places(model, as_of)
    revenue, n_placed = places.column("revenue_minor"), len(places.standing()[0])
    return TierAnswer(
        model=model,
        as_of=as_of,
        currency=places.currency,
        groups=_groups(places),
        n_customers=n_placed,
        n_outside=max(0, places.n_known - n_placed),
        revenue_minor=int(revenue.sum()),
        squares=_squares(places) if model.kind == "rfm" else (),
        cuts={m: places.cuts.of(m) for m in ("recency", "frequency", "monetary")} if places.cuts else {},
        n_lifted=len(places.lifts),
        curve=_curve(revenue) if model.kind == "abc" else (),
    )


def list_tier_members(kind: str, cell: str, as_of: date) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Ids of everybody in one cell as of a day, ascending; empty when the kind has no model."""
    model = find_model(kind)
    if model is None:
        return np.empty(0, np.int64)
    ids, cells, _revenue = find_places(model, as_of).standing()
    found: np.ndarray[Any, np.dtype[np.int64]] = ids[cells == cell]
    return found


def list_square_members(model_id: int, as_of: date, *, r: int, f: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Ids of everybody with these recency and frequency scores."""
    places = find_places(get_model(model_id), as_of)
    if places.kind != "rfm":
        return np.empty(0, np.int64)
    found: np.ndarray[Any, np.dtype[np.int64]] = places.column("customer_id")[
        (places.column("r") == r) & (places.column("f") == f)
    ]
    return found


def find_cells(as_of: date) -> dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Per kind (customer ids ascending, their cells) as of a day: what rules over tiers read."""
    return {model.kind: find_places(model, as_of).standing()[:2] for model in list_models()}


def preview_model(kind: str, parameters: Mapping[str, Any], as_of: date) -> Preview:
    """What these parameters would do on that day, and who would change cell. Nothing is saved.

    Raises Invalid when the parameters cannot be used.
    """
    wanted = parse_parameters(kind, parameters)
    model = find_model(kind)
    after = compute_places(kind, wanted, as_of)
    before = find_places(model, as_of) if model else after
    moves = tuple(move for move in list_moves(before, after) if move.source != move.target)
    return Preview(
        kind=kind,
        as_of=as_of,
        parameters=as_json(wanted),
        before=count_cells(before),
        after=count_cells(after),
        moves=moves,
        n_moved=sum(move.n_customers for move in moves),
        n_customers=len(after.standing()[0]),
    )


def compare_days(model_id: int, before: date, after: date) -> tuple[Move, ...]:
    """Who went from which cell to which between two days, those who stayed included, most people first."""
    model = get_model(model_id)
    return list_moves(find_places(model, before), find_places(model, after))


def list_moves(before: Places, after: Places) -> tuple[Move, ...]:
    ids = np.union1d(before.standing()[0], after.standing()[0])
    codes = [NOWHERE, *CELLS[after.kind]]
    pairs = _codes_of(before, ids, codes) * len(codes) + _codes_of(after, ids, codes)
    keys, counts = np.unique(pairs, return_counts=True)
    moves = [
        Move(codes[key // len(codes)], codes[key % len(codes)], int(n))
        for key, n in zip(keys.tolist(), counts.tolist(), strict=True)
    ]
    return tuple(sorted(moves, key=lambda move: (-move.n_customers, move.source, move.target)))


def _codes_of(places: Places, ids: np.ndarray[Any, Any], codes: list[str]) -> np.ndarray[Any, Any]:
    found = np.zeros(len(ids), np.int64)
    owners, cells, _revenue = places.standing()
    at = np.searchsorted(ids, owners)
    for number, code in enumerate(codes):
        found[at[cells == code]] = number
    return found


def count_cells(places: Places) -> dict[str, int]:
    cells = places.standing()[1]
    return {code: int((cells == code).sum()) for code in CELLS[places.kind]}


def _groups(places: Places) -> tuple[TierGroup, ...]:
    _ids, cells, revenue = places.standing()
    total, everybody = int(revenue.sum()), len(cells)
    groups = []
    for code in CELLS[places.kind]:
        inside = cells == code
        n, amount = int(inside.sum()), int(revenue[inside].sum())
        groups.append(
            TierGroup(code, n, amount, n / everybody if everybody else 0.0, amount / total if total > 0 else None)
        )
    return tuple(groups)


def _squares(places: Places) -> tuple[Square, ...]:
    r, f, cells, revenue = (places.column(name) for name in ("r", "f", "cell", "revenue_minor"))
    squares = []
    for key in np.unique(r.astype(np.int64) * 100 + f):
        row, column = divmod(int(key), 100)
        inside = (r == row) & (f == column)
        names, counts = np.unique(cells[inside], return_counts=True)
        squares.append(
            Square(row, column, int(inside.sum()), int(revenue[inside].sum()), str(names[int(counts.argmax())]))
        )
    return tuple(squares)


def _curve(revenue: np.ndarray[Any, Any]) -> tuple[tuple[float, float], ...]:
    counted = np.sort(np.maximum(revenue, 0))[::-1]
    total = int(counted.sum())
    if total <= 0:
        return ()
    upwards = np.cumsum(counted)
    at = np.unique(np.linspace(1, len(counted), min(_CURVE_POINTS, len(counted))).astype(int))
    return tuple((round(int(k) / len(counted), 5), round(int(upwards[k - 1]) / total, 5)) for k in at)


def explain(customer_id: int, as_of: date) -> list[TierReason]:
    """Why this customer is where they are in each model, in sentences of the active language.

    Models in which they have no place are left out.
    """
    reasons = []
    for model in list_models():
        places = find_places(model, as_of)
        row, lift = places.find_row(customer_id), places.lifts.get(customer_id)
        if row is None and lift is None:
            continue
        told: tuple[str, ...] = (words.lift_sentence(model.kind, lift),) if lift else ()
        if row is not None:
            told += words.sentences(model.kind, model.parameters, row, cuts=places.cuts, currency=places.currency)
        cell = lift.cell if lift else row["cell"] if row else ""
        reasons.append(TierReason(model.kind, cell, words.cell_label(model.kind, cell), told))
    return reasons
