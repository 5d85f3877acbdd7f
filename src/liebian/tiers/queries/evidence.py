"""The numbers that explain a place, as they are handed down beside the customer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from liebian.tiers.queries.places import Places
from liebian.tiers.rules import whole_band
from liebian.tiers.types import Lift

_MEASURES = (("recency", "recency_days"), ("frequency", "frequency"), ("monetary", "monetary_value"))


def list_evidence(places: Places) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """(customer id, cell, evidence) of everybody with a place, those last who have one by a reward alone."""
    make = {"rfm": _rfm, "abc": _abc, "lifecycle": _lifecycle}[places.kind]
    for batch in places.table.to_batches(max_chunksize=5000):
        for row in batch.to_pylist():
            lift = places.lifts.get(row["customer_id"])
            own = make(places, row)
            yield row["customer_id"], *((lift.cell, own | _given(lift)) if lift else (row["cell"], own))
    for customer_id, lift in places.lifts.items():
        if not lift.own:
            yield customer_id, lift.cell, _given(lift)


def _given(lift: Lift) -> dict[str, Any]:
    return {"given": {"own": lift.own, "until": lift.until.isoformat()}}


def rfm_bands(places: Places, row: dict[str, Any]) -> dict[str, list[int | None]]:
    """Per measure [from, to] of the score's whole numbers; None = open on that side."""
    cuts = places.cuts
    assert cuts is not None
    return {measure: list(whole_band(cuts.of(measure), row[column])) for measure, column in _MEASURES}


def _rfm(places: Places, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "recency_days": row["recency_days"],
        "frequency": row["frequency"],
        "monetary_minor": row["monetary_value"],
        "r": row["r"],
        "f": row["f"],
        "m": row["m"],
        "bins": places.cuts.bins if places.cuts else 0,
        "bands": rfm_bands(places, row),
        "currency": places.currency,
    }


def _abc(places: Places, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "share_before": row["share_before"],
        "revenue_minor": row["revenue_minor"],
        "rank": row["rank"],
        "currency": places.currency,
    }


def _lifecycle(places: Places, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "rule": row["cell"],
        "days_since_last_order": row["days_since_last_order"],
        "days_since_first_order": row["days_since_first_order"],
        "frequency": row["n_orders"],
        "currency": places.currency,
    }
