"""Programmes, who takes part, codes and the inviter's own address."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Collection

from django.db.models import Count

from liebian.core import crypto
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.referrals.models import Participation, Programme
from liebian.referrals.rules import Terms, read_limits
from liebian.referrals.types import Participant, ProgrammeView, StatusAt

_PAGE = "referral.page"


def list_programmes() -> list[ProgrammeView]:
    """All programmes, newest first."""
    return [view_programme(row) for row in Programme.objects.prefetch_related("changes").order_by("-id")]


def find_programme(programme_id: int) -> ProgrammeView | None:
    row = Programme.objects.prefetch_related("changes").filter(pk=programme_id).first()
    return view_programme(row) if row else None


def get_programme(programme_id: int) -> ProgrammeView:
    found = find_programme(programme_id)
    if found is None:
        raise NotFound(
            "programme_not_found", _("There is no referral programme %(programme_id)s."), programme_id=programme_id
        )
    return found


def view_programme(row: Programme) -> ProgrammeView:
    changes = sorted(row.changes.all(), key=lambda change: change.pk)
    return ProgrammeView(
        id=row.pk, name=row.name, status=row.status, version=row.version, segment_id=row.segment_id,  # type: ignore[arg-type]
        starts_on=row.starts_on, ends_on=row.ends_on, zone=row.zone, holdout_percent=row.holdout_percent,
        budget_id=row.budget_id, budget_minor=row.budget_minor, currency=row.currency,
        min_order_minor=row.min_order_minor, hold_days=row.hold_days, limits=read_limits(row.limits, row.zone),
        referrer_offer_id=row.referrer_offer_id, friend_offer_id=row.friend_offer_id, texts=row.texts, draft=row.draft,
        published_at=row.published_at, created_at=row.created_at,
        history=tuple(StatusAt(change.at, change.status) for change in changes),  # type: ignore[arg-type]
    )  # fmt: skip


def terms_of(programme: ProgrammeView) -> Terms:
    """Terms of a published programme."""
    if programme.starts_on is None or programme.ends_on is None:
        raise NotFound(
            "programme_not_published",
            _("Programme %(programme_id)s has not been published."),
            programme_id=programme.id,
        )
    return Terms(
        programme_id=programme.id, starts_on=programme.starts_on, ends_on=programme.ends_on, zone=programme.zone,
        currency=programme.currency, min_order_minor=programme.min_order_minor,
        hold_days=programme.hold_days, history=programme.history,
    )  # fmt: skip


def clean_code(code: str) -> str:
    """Codes are read aloud and typed: case, spaces and dashes do not matter.

    >>> clean_code(" 7kq-m4 tx ")
    '7KQM4TX'
    """
    return "".join(letter for letter in code.upper() if letter.isalnum())[:12]


def find_participation(code: str) -> Participant | None:
    """The inviter who owns a code. A code drawn for the holdout was handed to nobody and is nobody's."""
    row = Participation.objects.filter(code=clean_code(code), arm="treated").first()
    return view_participation(row) if row else None


def list_participations(customer_id: int) -> list[Participant]:
    return [view_participation(row) for row in Participation.objects.filter(customer_id=customer_id).order_by("-id")]


def list_participants(programme_id: int) -> list[Participant]:
    """Everybody on the list of a programme, both arms, in the order of the draw."""
    return [view_participation(row) for row in Participation.objects.filter(programme_id=programme_id).order_by("id")]


def view_participation(row: Participation) -> Participant:
    return Participant(row.pk, row.programme_id, row.customer_id, row.arm, row.code, row.drawn_at)  # type: ignore[arg-type]


def count_arms(programme_ids: list[int]) -> dict[int, dict[str, int]]:
    rows = (
        Participation.objects.filter(programme_id__in=programme_ids)
        .values_list("programme_id", "arm")
        .annotate(n=Count("id"))
    )
    found: dict[int, dict[str, int]] = {each: {"treated": 0, "holdout": 0} for each in programme_ids}
    for programme_id, arm, n in rows:
        found[programme_id][arm] = n
    return found


def list_codes(programme_id: int, customer_ids: Collection[int]) -> dict[int, str]:
    """The codes of some of those invited, by customer."""
    rows = Participation.objects.filter(programme_id=programme_id, customer_id__in=customer_ids, arm="treated")
    return dict(rows.values_list("customer_id", "code"))


def token_of(code: str) -> str:
    """The last part of the inviter's own address: the code and a keyed seal that nobody can guess.

    The seal is made with the installation's index key, so that addresses which were handed out stay good.
    """
    seal = base64.b32encode(crypto.index_of(_PAGE, code)).decode().rstrip("=").lower()
    return f"{code}-{seal}"


def get_participation(token: str) -> Participant:
    """Who owns this address. Raises NotFound for a token that we did not make."""
    code = token.partition("-")[0]
    found = find_participation(code)
    if found is None or not hmac.compare_digest(token.encode(), token_of(found.code).encode()):
        raise NotFound("page_not_found", _("This address is not complete. Open the link you received once more."))
    return found
