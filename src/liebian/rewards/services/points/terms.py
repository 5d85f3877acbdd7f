"""The terms of a programme of points."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from liebian.access.services import audit
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.ledger.services import open_accounts
from liebian.rewards.models import PointsTermsRow
from liebian.rewards.rules import PointsAccounts, check_asset, check_terms
from liebian.rewards.types import PointsTerms


def set_points_terms(
    *, asset: str, terms: PointsTerms, actor: int | None, now: datetime, valid_from: datetime | None = None
) -> None:
    """From now on, or from a later instant, points of this programme are treated so; lots that exist keep their ends.

    Terms that were planned for the same instant are replaced. Writes PointsTermsRow, ledger (opens the accounts that its customers share),
    audit. Idempotent: what would hold then anyway adds nothing. Raises Invalid, also "points_terms_past".
    """
    check_asset(asset)
    check_terms(terms)
    start = valid_from or now
    if start < now:
        raise Invalid(
            "points_terms_past", _("Terms hold from now on or from a later day; what is past stays as it was.")
        )
    said = asdict(terms)
    with transaction.atomic():
        before = PointsTermsRow.objects.filter(asset=asset, valid_from__lte=start).order_by("-valid_from").first()
        if before is not None and before.terms == said:
            return
        PointsTermsRow.objects.update_or_create(
            asset=asset, valid_from=start, defaults={"terms": said, "set_by": actor}
        )
        open_accounts(refs=list(PointsAccounts(asset).shared), now=now)
        details = {**said, "from": start.isoformat()}
        audit.record_audit(actor_id=actor, action="points_terms", subject=asset, details=details, now=now)
