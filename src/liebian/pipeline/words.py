"""How the page names stages, their states and the parts of a check."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

UNIT_NAMES = {
    "identity": _("People and identities"), "orders": _("Orders"), "referrals": _("Referral"), "segments": _("Segments"),
    "lake": _("Lake"),
}  # fmt: skip
UNIT_ABOUT = {
    "identity": _("Whose event is it?"),
    "orders": _("Orders, refunds and products"),
    "referrals": _("Invitations, rewards and their money"),
    "segments": _("Who enters and leaves which segment"),
    "lake": _("Publishes the log for other tools. While it is paused, no event leaves the database"),
}
STATES = {
    "running": (_("Working"), "", "player-play"),
    "waiting": (_("Up to date"), "good", "check"),
    "failing": (_("Fails, tries again"), "warn", "alert-triangle"),
    "stopped": (_("Stopped by an error"), "bad", "alert-triangle"),
    "paused": (_("Paused"), "", "player-pause"),
}
REPLAY_OF_STAGES = {
    "identity": _(
        "Not alone: orders and rewards point at the people it found. The check below compares them with the log."
    ),
    "orders": _("Not alone: rewards were decided from them. The check below compares them with the log."),
    "referrals": _(
        "Never: what was decided stays decided, and money has moved. The check below compares it with the log."
    ),
    "segments": _(
        "Counts everybody's days from the log again and puts right what differs, also what has left for the lake. Who is rightly in a segment stays in it; what is wrong changes now, with today's date."
    ),
    "lake": _(
        "Not here: the lake is the only place of events that left the database. “liebian lake verify” reads every row."
    ),
}
REPLAY_STATES = {
    "waiting": _("waits for the worker"),
    "running": _("is running"),
    "equal": _("everything follows from the log"),
    "different": _("something differs from the log"),
    "failed": _("could not be made"),
}
PART_NAMES = {
    "customers": _("Customers"),
    "identifiers": _("Identifiers"),
    "events with people": _("Events with their people"),
    "orders": _("Orders"),
    "revenue": _("Changes of revenue"),
    "tiers": _("Tiers"),
    "referrals": _("Referral"),
    "decisions": _("Reward decisions"),
    "rewards": _("Rewards"),
    "balances": _("Balances"),
}


def unit_name(name: str) -> str:
    """A stage's name; of a stage that is shared out, with the share."""
    stage, _dot, shard = name.partition(".")
    words = str(UNIT_NAMES.get(stage, stage))
    return gettext("%(stage)s, share %(n)d") % {"stage": words, "n": int(shard) + 1} if shard.isdecimal() else words


def waiting_time(seconds: float) -> str:
    """How long the oldest waiting event has waited, short."""
    if seconds < 1:
        return ""
    if seconds < 120:
        return gettext("%(n)d s") % {"n": seconds}
    if seconds < 7200:
        return gettext("%(n)d min") % {"n": seconds // 60}
    return gettext("%(n)d h") % {"n": seconds // 3600}
