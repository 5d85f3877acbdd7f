"""Writes of referrals: programmes and their publication, what happens on the public pages, and the stage that reads the log."""

from liebian.referrals.services.outbox import announce_outcomes
from liebian.referrals.services.programmes import (
    change_status,
    end_programme,
    pause_programme,
    resume_programme,
    save_draft,
)
from liebian.referrals.services.public import record_page_view, record_share, record_visit, sign_up
from liebian.referrals.services.publishing import publish_programme
from liebian.referrals.services.stage import advance
from liebian.referrals.services.throttle import claim_sign_up_attempt

__all__ = [
    "advance",
    "announce_outcomes",
    "change_status",
    "claim_sign_up_attempt",
    "end_programme",
    "pause_programme",
    "publish_programme",
    "record_page_view",
    "record_share",
    "record_visit",
    "resume_programme",
    "save_draft",
    "sign_up",
]
