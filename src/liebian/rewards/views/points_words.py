"""How the pages call what becomes of points, where they came from, and the terms of a programme."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from liebian.core.ids import customer_number
from liebian.rewards.rules import name_of_points
from liebian.rewards.types import LotView, PointsTerms, PointsUseView
from liebian.rewards.views.words import StateWords
from liebian.ui.formats import day, moment, number

PENDING = StateWords(gettext_lazy("Not usable yet"), "warn", "clock")
USABLE = StateWords(gettext_lazy("Usable"), "good", "check")
IN_CART = StateWords(gettext_lazy("Held by a cart"), "warn", "shopping-cart")
USED_UP = StateWords(gettext_lazy("Used up"), "", "check")
EXPIRED = StateWords(gettext_lazy("Expired"), "", "hourglass-empty")
USES: dict[tuple[str, str], Any] = {
    ("burn", "reserved"): IN_CART,
    ("burn", "used"): StateWords(gettext_lazy("Spent"), "", "shopping-bag"),
    ("burn", "released"): StateWords(gettext_lazy("Let go"), "", "arrow-back-up"),
    ("claw", "used"): StateWords(gettext_lazy("Taken back"), "bad", "arrow-back-up"),
    ("transfer", "used"): StateWords(gettext_lazy("Given to another customer"), "", "arrow-right"),
    ("adjust", "used"): StateWords(gettext_lazy("Taken by a correction"), "", "plus-minus"),
    ("debt", "used"): StateWords(gettext_lazy("Paid what was owed"), "", "scale"),
    ("shortage", "used"): StateWords(gettext_lazy("Decided about missing points"), "", "user-check"),
}


def name_programme(asset: str) -> str:
    return name_of_points(asset) or _("General points")


def state_of(lot: LotView, at: datetime, idle_at: datetime | None = None) -> StateWords:
    if lot.state == "pending":
        return PENDING
    if is_open_at(lot, at, idle_at):
        return USABLE
    if lot.remaining or lot.expired or lot.state == "expired":
        return EXPIRED
    return IN_CART if lot.reserved else USED_UP


def is_open_at(lot: LotView, at: datetime, idle_at: datetime | None) -> bool:
    return lot.remaining > 0 and (lot.expires_at is None or at < lot.expires_at) and (idle_at is None or at < idle_at)


def use_words(use: PointsUseView) -> StateWords:
    return USES.get((use.kind, use.state)) or StateWords(use.kind, "", "")


def last_day(end: datetime | None) -> str:
    """The day with whose end (or during which) points are over."""
    return day(end - end.resolution) if end else ""


def say_origin(lot: LotView) -> str:
    kind = lot.cause.partition(":")[0]
    if kind == "reward":
        return _("Reward")
    if kind == "transfer":
        return _("From customer %(n)s") % {"n": customer_number(lot.trace["from"])}
    if kind == "adjust":
        return _("Correction by a person")
    if kind == "grace":
        return _("Came back after its end, for some days")
    if kind == "opening":
        return _("Balance taken over at the start")
    return _("Earned")


def say_terms(terms: PointsTerms) -> list[str]:
    """A programme's terms as sentences."""
    said = [_say_expiry(terms), _say_least(terms), _say_shortage(terms), _say_late(terms), *_say_multipliers(terms)]
    return [sentence for sentence in (*said, *_say_transfer(terms)) if sentence]


def say_example(terms: PointsTerms, at: datetime, active_from: datetime, end: datetime | None) -> str:
    """What becomes of points that are earned at a moment and can be used from another one on."""
    texts = {"earned": day(at), "usable": day(active_from), "end": last_day(end)}
    if terms.expiry == "inactivity":
        texts["n"] = number(terms.expiry_count)
        return (
            _(
                "Points earned on %(earned)s become usable on %(usable)s and last as long as something is earned or spent every %(n)s days."
            )
            % texts
        )
    if end is None:
        return _("Points earned on %(earned)s become usable on %(usable)s and never end.") % texts
    return _("Points earned on %(earned)s become usable on %(usable)s and end with %(end)s.") % texts


def say_start(valid_from: datetime | None) -> str:
    return moment(valid_from) if valid_from else _("from the beginning")


def _say_expiry(terms: PointsTerms) -> str:
    n = terms.expiry_count
    texts = {"n": number(n)}
    if terms.expiry == "never":
        return _("Points never end.")
    if terms.expiry == "days":
        return (
            ngettext(
                "Points end %(n)s day after they became usable.", "Points end %(n)s days after they became usable.", n
            )
            % texts
        )
    if terms.expiry == "months":
        return (
            ngettext(
                "Points end %(n)s month after they became usable.",
                "Points end %(n)s months after they became usable.",
                n,
            )
            % texts
        )
    if terms.expiry == "inactivity":
        return ngettext(
            "All points end when nothing was earned or spent for %(n)s day.",
            "All points end when nothing was earned or spent for %(n)s days.", n,
        ) % texts  # fmt: skip
    return _("Points end with the month.") if terms.expiry == "month_end" else _("Points end with the year.")


def _say_least(terms: PointsTerms) -> str:
    if not terms.min_days or terms.expiry not in ("month_end", "year_end"):
        return ""
    return _("They can be used for %(least)s days at least.") % {"least": number(terms.min_days)}


def _say_shortage(terms: PointsTerms) -> str:
    if terms.shortage == "debt":
        return _(
            "What is to be taken back and was spent already is owed: later points pay it first, and until then nothing can be spent."
        )
    if terms.shortage == "review":
        return _("What is to be taken back and was spent already waits for a person's decision.")
    return _("What is to be taken back and was spent already is written down, and nothing else follows.")


def _say_late(terms: PointsTerms) -> str:
    if terms.late_restore == "expired":
        return _("What comes back after its end stays lost.")
    n = terms.grace_days
    return ngettext(
        "What comes back after its end can be spent for %(n)s day.", "What comes back after its end can be spent for %(n)s days.", n
    ) % {"n": number(n)}  # fmt: skip


def _say_multipliers(terms: PointsTerms) -> list[str]:
    said = {
        "add": _("Multipliers add up."),
        "highest": _("Of several multipliers the highest counts."),
        "multiply": _("Multipliers multiply each other."),
    }[terms.stacking]
    most = (
        _("Together they are at most %(most)s times.") % {"most": f"{terms.most_bp / 10_000:g}"}
        if terms.most_bp
        else ""
    )
    return [said, most]


def _say_transfer(terms: PointsTerms) -> list[str]:
    if not terms.may_transfer:
        return [_("Points cannot be given to another customer.")]
    texts = {"least": number(terms.transfer_least), "most": number(terms.transfer_most)}
    if terms.transfer_most:
        said = _("Points can be given to another customer, from %(least)s to %(most)s at once.") % texts
    else:
        said = _("Points can be given to another customer, from %(least)s on.") % texts
    fee = _("Giving costs %(fee)s of them on top.") % {"fee": f"{terms.transfer_fee_bp / 100:g}%"}
    return [said, fee if terms.transfer_fee_bp else ""]
