"""Offers: the terms of a reward, never changed once written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from liebian.core.days import day_of
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.ledger.services import open_accounts
from liebian.rewards.models import Offer
from liebian.rewards.queries.views import view_offer
from liebian.rewards.rules import PointsAccounts, asset_of_points, check_offer, say_privilege, say_terms
from liebian.rewards.types import OfferDraft, OfferView

_SILENT = [("approval", "rule"), ("terms", {}), ("tax", "none")]  # terms that offers had before there was a choice


def create_offer(*, draft: OfferDraft, now: datetime) -> OfferView:
    """Write the terms down. Idempotent by the terms themselves: the same terms are the same offer. Raises Invalid."""
    check_offer(draft, on=day_of(now, settings.TIME_ZONE))
    if not draft.name.strip() or len(draft.name) > 120:
        raise Invalid("offer_name", _("Give the reward a name of at most 120 characters."))
    terms = {**asdict(draft), "terms": _say(draft)}
    del terms["privilege"], terms["points_programme"]
    said = {name: value for name, value in terms.items() if (name, value) not in _SILENT}
    body = json.dumps(said, sort_keys=True, ensure_ascii=False)
    fingerprint = hashlib.sha256(body.encode()).hexdigest()
    with transaction.atomic():
        row, created = Offer.objects.get_or_create(fingerprint=fingerprint, defaults={**terms, "created_at": now})
        if created and draft.kind == "points":
            open_accounts(refs=PointsAccounts(asset_of_points(draft.points_programme)).shared, now=now)
    return view_offer(row)


def _say(draft: OfferDraft) -> dict[str, Any]:
    if draft.privilege:
        return say_privilege(draft.privilege)
    if draft.points_programme:
        return {"points_programme": draft.points_programme}
    return say_terms(draft.terms)
