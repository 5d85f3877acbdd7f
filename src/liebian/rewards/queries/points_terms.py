"""The terms of programmes of points, as of any instant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.ledger import queries as ledger
from liebian.ledger.types import WORLD
from liebian.rewards.models import PointsTermsRow
from liebian.rewards.rules import asset_of_points, name_of_points
from liebian.rewards.types import POINTS, PointsProgramme, PointsTerms, TermsVersion


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


def get_points_asset(programme: str) -> str:
    """The unit of a programme of points, by its name. Raises NotFound "points_programme_unknown"."""
    asset = asset_of_points(programme)
    if asset != POINTS and not PointsTermsRow.objects.filter(asset=asset).exists():
        raise NotFound("points_programme_unknown", _("There is no programme of points with this name."))
    return asset


def list_points_names() -> list[str]:
    """The names of the programmes of points that have terms, besides the general points."""
    rows = PointsTermsRow.objects.exclude(asset=POINTS).order_by("asset")
    return [name_of_points(asset) for asset in rows.values_list("asset", flat=True).distinct()]


def list_points_programmes(*, at: datetime) -> list[PointsProgramme]:
    """Every programme that has terms or points, the general one first, with what customers hold in it."""
    held: dict[str, dict[str, int]] = {}
    for book in ledger.list_books(codes=["points"]):
        held[book.asset] = {kind.kind: kind.balance for kind in book.kinds if kind.kind != WORLD}
    versions: dict[str, list[TermsVersion]] = {asset: [] for asset in {POINTS, *held}}
    rows = PointsTermsRow.objects.order_by("-valid_from", "-id").values_list("asset", "valid_from", "terms", "set_by")
    for asset, valid_from, terms, set_by in rows:
        versions.setdefault(asset, []).append(TermsVersion(valid_from, PointsTerms(**terms), set_by))
    assets = sorted(versions, key=lambda each: (each != POINTS, each))
    return [_programme(asset, versions[asset], held.get(asset, {}), at) for asset in assets]


def _programme(asset: str, versions: list[TermsVersion], held: dict[str, int], at: datetime) -> PointsProgramme:
    usual = TermsVersion(None, PointsTerms(zone=settings.TIME_ZONE))
    planned = tuple(each for each in versions if each.valid_from and each.valid_from > at)
    past = [*versions[len(planned) :], usual]
    return PointsProgramme(asset, past[0], planned, tuple(past[1:]), held)
