"""The terms of a programme of points."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from liebian.access.services import audit
from liebian.ledger.services import open_accounts
from liebian.rewards.models import PointsTermsRow
from liebian.rewards.rules import PointsAccounts, check_asset, check_terms
from liebian.rewards.types import PointsTerms


def set_points_terms(*, asset: str, terms: PointsTerms, actor: int | None, now: datetime) -> None:
    """From now on points of this programme are treated so; lots that exist keep their ends.

    Writes PointsTermsRow, ledger (opens the accounts that its customers share), audit. Idempotent: the same terms again add nothing. Raises Invalid.
    """
    check_asset(asset)
    check_terms(terms)
    said = asdict(terms)
    with transaction.atomic():
        latest = PointsTermsRow.objects.filter(asset=asset).order_by("-valid_from").first()
        if latest is not None and latest.terms == said:
            return
        PointsTermsRow.objects.update_or_create(asset=asset, valid_from=now, defaults={"terms": said, "set_by": actor})
        open_accounts(refs=list(PointsAccounts(asset).shared), now=now)
        audit.record_audit(actor_id=actor, action="points_terms", subject=asset, details=said, now=now)
