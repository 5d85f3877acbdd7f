"""What a programme's page says of its limits and of everything that was refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from liebian.referrals import queries
from liebian.referrals.types import FRIEND, REFERRER, ProgrammeView
from liebian.referrals.words import limit_text, money, reason_text
from liebian.rewards import queries as rewards
from liebian.rewards.types import LimitUse
from liebian.ui import formats


def limits_context(programme: ProgrammeView, now: datetime) -> dict[str, Any]:
    uses = rewards.list_limit_uses(programme_id=programme.id, limits=programme.limits, at=now)
    return {
        "limit_rows": [_use_row(each, programme) for each in uses],
        "refusal_rows": [_refusal_row(programme, *each) for each in queries.count_refusals(programme.id)],
    }


def _use_row(use: LimitUse, programme: ProgrammeView) -> dict[str, Any]:
    top = use.used if use.rule.scope == "programme" else use.most
    said = money(top, programme.currency) if use.rule.measure == "minor" else formats.number(top)
    return {
        "text": limit_text(use.rule, programme.currency), "use": use, "top": said,
        "share": min(top / use.rule.amount, 1), "tone": "bad" if use.n_full else "money",
        "is_shared": use.rule.scope == "programme",
        "since": _("since %s") % use.start if use.start else "",
    }  # fmt: skip


def _refusal_row(programme: ProgrammeView, reason: str, counts: dict[str, int]) -> dict[str, Any]:
    people = f"{reverse('referrals:people', args=[programme.id])}?step=refused"
    return {
        "code": reason, "staff": reason_text(reason), "customer": reason_text(reason, customer=True),
        "referrer": counts.get(REFERRER, 0), "friend": counts.get(FRIEND, 0), "sign_up": counts.get("sign_up", 0),
        "people_href": people, "href": f"{reverse('rewards:list')}?programme={programme.id}&state=refused&reason={reason}",
        "has_rewards": bool(counts.get("rewards")),
    }  # fmt: skip
