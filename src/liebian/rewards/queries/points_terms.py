"""The terms of programmes of points, as of any instant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from liebian.rewards.models import PointsTermsRow
from liebian.rewards.types import PointsTerms


class TermsBook:
    """The terms of some programmes, read once. A programme without terms has those of `PointsTerms` in our own zone."""

    def __init__(self, assets: Iterable[str]) -> None:
        self._versions: dict[str, list[tuple[datetime, PointsTerms]]] = {asset: [] for asset in assets}
        rows = PointsTermsRow.objects.filter(asset__in=list(self._versions)).order_by("-valid_from")
        for asset, valid_from, terms in rows.values_list("asset", "valid_from", "terms"):
            self._versions[asset].append((valid_from, PointsTerms(**terms)))
        self._usual = PointsTerms(zone=settings.TIME_ZONE)

    def at(self, asset: str, instant: datetime) -> PointsTerms:
        found = (terms for valid_from, terms in self._versions[asset] if valid_from <= instant)
        return next(found, self._usual)

    def may_idle(self, asset: str) -> bool:
        """Whether points of this programme lapse by inactivity, now or under earlier terms."""
        return any(terms.expiry == "inactivity" for _, terms in self._versions[asset])


def get_points_terms(asset: str, at: datetime) -> PointsTerms:
    return TermsBook([asset]).at(asset, at)
