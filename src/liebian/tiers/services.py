"""Writes of tiers: the models' parameters, and handing everybody's place down to `customers`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction

from liebian.core.days import day_of
from liebian.core.errors import Conflict, Invalid
from liebian.core.texts import mark as _
from liebian.customers import services as customers
from liebian.customers.types import TierFact
from liebian.lake.queries import list_snapshots
from liebian.tiers.models import TierModel, TierRun
from liebian.tiers.queries.answers import count_cells, find_places
from liebian.tiers.queries.catalog import get_model, list_models, view_model
from liebian.tiers.queries.evidence import list_evidence
from liebian.tiers.queries.lifts import get_mark
from liebian.tiers.queries.places import Places
from liebian.tiers.rules import as_json, parse_parameters
from liebian.tiers.types import KINDS, TierModelView, TierSummary


def ensure_default_models(*, now: datetime) -> list[TierModelView]:
    """Make the three models with their default parameters where they are missing.

    Writes TierModel; idempotent by name, also when two processes do it at once.
    """
    rows = [
        TierModel(name=kind, kind=kind, parameters=as_json(parse_parameters(kind, {})), created_at=now, changed_at=now)
        for kind in KINDS
    ]
    if TierModel.objects.filter(name__in=KINDS).count() < len(KINDS):
        TierModel.objects.bulk_create(rows, ignore_conflicts=True)
    return list_models()


def save_model(
    *,
    model_id: int,
    parameters: Mapping[str, Any],
    now: datetime,
    changed_by: int | None = None,
    based_on_version: int | None = None,
) -> TierModelView:
    """Put new parameters to use as the next version; the same parameters again change nothing.

    Writes TierModel. Idempotent by the parameters. Raises Invalid when they cannot be used, and Conflict when somebody
    saved another version after `based_on_version`.
    """
    model = get_model(model_id)
    wanted = as_json(parse_parameters(model.kind, parameters))
    with transaction.atomic():
        row = TierModel.objects.select_for_update().get(pk=model_id)
        if row.parameters != wanted:
            if based_on_version is not None and row.version != based_on_version:
                raise Conflict(
                    "tier_model_changed",
                    _(
                        "Somebody saved version %(version)s while you were editing version %(based_on)s. "
                        "Open the model again, look at what changed, and save once more."
                    ),
                    version=row.version,
                    based_on=based_on_version,
                )
            row.parameters, row.changed_at, row.changed_by = wanted, now, changed_by
            row.version += 1
            row.save(update_fields=["parameters", "changed_at", "changed_by", "version"])
    return view_model(row)


def compute_tiers(*, model_id: int, as_of: date, now: datetime) -> TierSummary:
    """Compute one model as of an exclusive day and hand everybody's place down to the customers.

    Writes TierRun and, through `customers.services.set_tiers`, the places with their evidence. Idempotent by (model,
    version, day, result): the same result again writes nothing. Raises Invalid for a day that has not come yet.
    """
    if as_of > day_of(now, settings.TIME_ZONE):
        raise Invalid(
            "day_not_reached", _("%(day)s has not come yet. Choose today or an earlier day."), day=as_of.isoformat()
        )
    model = get_model(model_id)
    snapshots = _sources(as_of)
    places = find_places(model, as_of)
    counts, digest = count_cells(places), _digest(model, places)
    n_placed = sum(counts.values())
    summary = TierSummary(model.id, as_of, counts, n_placed, changed=False)
    last = TierRun.objects.filter(model_id=model.id).order_by("-computed_at", "-id").first()
    if last is not None and last.digest == digest:
        TierRun.objects.filter(pk=last.pk).update(lake_snapshots=snapshots, computed_at=now)
        return summary
    customers.set_tiers(model=model.name, as_of=as_of, facts=_facts(places))
    TierRun.objects.update_or_create(
        model_id=model.id,
        version=model.version,
        as_of=as_of,
        defaults={
            "parameters": model.parameters, "counts": counts, "lake_snapshots": snapshots, "digest": digest, "computed_at": now,
        },
    )  # fmt: skip
    return TierSummary(model.id, as_of, counts, n_placed, changed=True)


def refresh_all(*, now: datetime) -> list[TierSummary]:
    """Bring every model to today's business day, the lake's newest tables and today's levels; what is current is left alone.

    For the worker: cheap when nothing changed, and returns only what was computed. Idempotent.
    """
    as_of = day_of(now, settings.TIME_ZONE)
    snapshots = _sources(as_of)
    done = []
    for model in ensure_default_models(now=now):
        last = TierRun.objects.filter(model_id=model.id).order_by("-computed_at", "-id").first()
        if last is None or (last.as_of, last.version, last.lake_snapshots) != (as_of, model.version, snapshots):
            done.append(compute_tiers(model_id=model.id, as_of=as_of, now=now))
    return done


def _sources(as_of: date) -> list[str]:
    """What a result was made from: the lake's tables, and the levels that rewards give."""
    mark = get_mark(as_of)
    return [*list_snapshots("order_facts", "customers"), *([mark] if mark else [])]


def _facts(places: Places) -> Iterator[TierFact]:
    for customer_id, cell, evidence in list_evidence(places):
        yield TierFact(customer_id=customer_id, cell=cell, evidence=evidence)


def _digest(model: TierModelView, places: Places) -> str:
    """Stable for what would be handed down, so that an unchanged result is not written again."""
    seen = hashlib.blake2b(f"{model.id}/{model.version}/{places.as_of}/{places.currency}".encode(), digest_size=32)
    seen.update(
        msgspec.json.encode(
            None if places.cuts is None else [list(places.cuts.of(m)) for m in ("recency", "frequency", "monetary")]
        )
    )
    seen.update(msgspec.json.encode({str(person): lift for person, lift in places.lifts.items()}))
    for batch in places.table.combine_chunks().to_batches():
        for column in batch.columns:
            seen.update(msgspec.json.encode(column.to_pylist()))
    return seen.hexdigest()
