"""Sending through a provider. Before the provider hears of a number it is written down, so that a crash at any point is asked about, not
repeated: the number makes asking and sending again the same transfer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, Sum

from liebian.core import crypto
from liebian.core.days import day_end, day_of, day_start
from liebian.core.errors import Conflict, NotFound
from liebian.core.money import to_amount
from liebian.core.texts import mark as _
from liebian.payouts.models import Account, Finding, Payee, Payout
from liebian.payouts.queries import tax_now
from liebian.payouts.rules import is_quiet, next_ask
from liebian.payouts.services.answers import apply_answer
from liebian.payouts.services.giving_up import follow_given_up
from liebian.payouts.services.pacing import claim_calls
from liebian.payouts.services.providers import PROVIDERS, Provider, open_provider
from liebian.payouts.services.steps import cancel_unsent, move_payout
from liebian.payouts.types import WITH_PROVIDER, Answer, Transfer
from liebian.rewards import queries as rewards_seen
from liebian.rewards import services as rewards

log = structlog.get_logger("payouts")
SENT = WITH_PROVIDER | {"paid"}
_LEASE = timedelta(minutes=2)
_HELD = timedelta(minutes=10)


def work_payouts(now: datetime) -> int:
    """One round: ask about what is open, send what may be sent, give up what two agreed to. Answers how many payouts were touched."""
    return ask_open(now=now) + send_ready(now=now) + follow_given_up(now=now)


def send_ready(*, now: datetime, limit: int = 50) -> int:
    """Send approved payouts, outside quiet hours and within the limits of their accounts. Each number is sent once, or asked about.

    What a provider's pace leaves no room for waits for the next round. Writes Payout, PayoutChange, Pace, rewards. Safe beside itself: a payout is claimed before its provider is called.
    """
    done = 0
    for account in Account.objects.filter(is_enabled=True, adapter__in=list(PROVIDERS)).order_by("id"):
        provider = open_provider(account)
        if provider is None or is_quiet(now, account.quiet_from, account.quiet_until, settings.TIME_ZONE):
            continue
        due = Payout.objects.filter(Q(not_before=None) | Q(not_before__lte=now), account=account, state="ready")
        for payout_id in due.order_by("id").values_list("id", flat=True)[:limit]:
            if not claim_calls(account, now=now):
                break
            done += 1
            transfer = start_sending(payout_id, now=now)
            if transfer is not None:
                _call(provider, account, payout_id, transfer, now)
    return done


def ask_open(*, now: datetime, limit: int = 50) -> int:
    """Ask providers what became of payouts that are with them; a number that was never taken is sent again, as it was."""
    done = 0
    for account in Account.objects.filter(adapter__in=list(PROVIDERS)).order_by("id"):
        provider = open_provider(account)
        if provider is None:
            continue
        due = Payout.objects.filter(account=account, state__in=WITH_PROVIDER, not_before__lte=now).order_by(
            "not_before"
        )
        for row in list(due[:limit]):
            if not claim_calls(account, now=now):
                break
            if not _claim(row, now):
                continue
            done += 1
            answer = provider.ask(row.out_no)
            quiet = is_quiet(now, account.quiet_from, account.quiet_until, settings.TIME_ZONE)
            is_untaken = answer.state == "not_found" and row.state == "sending"
            if is_untaken and account.is_enabled and not quiet and claim_calls(account, now=now):
                _call(provider, account, row.pk, transfer_of(row), now)
            else:
                apply_answer(payout_id=row.pk, answer=answer, now=now)
    return done


def call_back_payout(*, payout_id: int, actor: int, now: datetime) -> None:
    """Ask the provider to stop a payout whose recipient has not confirmed. Its answer, not ours, ends it. Raises NotFound, Conflict."""
    row = Payout.objects.select_related("account").filter(pk=payout_id).first()
    if row is None:
        raise NotFound("payout_not_found", _("There is no payout #%(number)s."), number=payout_id)
    provider = open_provider(row.account)
    if row.state != "awaiting" or provider is None:
        raise Conflict("payout_not_waiting", _("Only a payout that waits for its recipient can be called back."))
    if not claim_calls(row.account, now=now, n=2):
        raise Conflict("provider_pace", _("The provider takes no more calls in this minute. Try again in a minute."))
    if not _write_down_call_back(row.pk, actor, now):
        raise Conflict("payout_not_waiting", _("Only a payout that waits for its recipient can be called back."))
    provider.cancel(row.out_no)
    apply_answer(payout_id=row.pk, answer=provider.ask(row.out_no), now=now, actor=actor)


def _write_down_call_back(payout_id: int, actor: int, now: datetime) -> bool:
    """Before the provider hears of it, so that what it answers, whenever it does, is told as what happened."""
    with transaction.atomic():
        row = Payout.objects.select_for_update().filter(pk=payout_id, state="awaiting").first()
        if row is None:
            return False
        move_payout(row, "awaiting", now=now, reason="called_back", actor=actor)
    return True


def start_sending(payout_id: int, *, now: datetime, actor: int | None = None) -> Transfer | None:
    """Write down that a payout is on its way; None when it is not sent now, or not any more.

    Its tax is that of the month in which it is sent, whatever was shown when it was proposed. Writes Payout, PayoutChange, rewards.
    One person's payouts, and those of one payee, are sent one after another, so that limits and the month count each of them.
    """
    with transaction.atomic():
        _lock_person(payout_id)
        row = Payout.objects.select_for_update().select_related("account").filter(pk=payout_id, state="ready").first()
        if row is None:
            return None
        if _is_said_to_be_paid(row):
            Payout.objects.filter(pk=row.pk).update(reason="paid_unsent", not_before=now + _HELD)
            return None
        before, row.tax_minor = row.tax_minor, tax_now(row, now)
        row.net_minor = row.gross_minor - row.tax_minor
        reason = _over_limit(row, now)
        if reason:
            tomorrow = day_end(day_of(now, settings.TIME_ZONE), settings.TIME_ZONE)
            Payout.objects.filter(pk=row.pk).update(reason=reason, not_before=tomorrow)
            return None
        moved = rewards.mark_awaiting(reward_ids=[row.reward_id], at=now, now=now, reason="at_provider")
        if not moved:
            cancel_unsent([row], _why_gone(row.reward_id), now=now)
            return None
        if moved[0].kept_minor != row.gross_minor:
            cancel_unsent([row], "amount_changed", now=now)
            rewards.call_back(reward_ids=[row.reward_id], reason="order_partly_refunded", at=now, now=now)
            return None
        reason, note = _say_tax(row, before)
        move_payout(
            row, "sending", now=now, reason=reason, note=note, actor=actor, sent_at=now, not_before=now + _LEASE,
            tax_minor=row.tax_minor, net_minor=row.net_minor,
        )  # fmt: skip
        return transfer_of(row)


def _lock_person(payout_id: int) -> None:
    row = Payout.objects.filter(pk=payout_id).values("customer_id", "fingerprint").first()
    if row is not None:
        theirs = Payee.objects.filter(Q(customer_id=row["customer_id"]) | Q(fingerprint=bytes(row["fingerprint"])))
        list(theirs.select_for_update().order_by("id").values_list("id"))


def _say_tax(row: Payout, before: int) -> tuple[str, str]:
    if row.tax_minor == before:
        return "", ""
    old, new = (to_amount(each, row.currency) for each in (before, row.tax_minor))
    return "tax_changed", f"{old} → {new} {row.currency}"


def _call(provider: Provider, account: Account, payout_id: int, transfer: Transfer, now: datetime) -> None:
    """A no is checked: only a number that the provider does not know was not taken. Without room for the question it is asked later."""
    answer = provider.send(transfer)
    if answer.state in ("refused", "not_found"):
        may_ask = claim_calls(account, now=now)
        known = provider.ask(transfer.out_no) if may_ask else Answer("unknown", code="pace")
        untaken = Answer("refused", code=answer.code, message=answer.message)
        answer = untaken if known.state == "not_found" else known
    apply_answer(payout_id=payout_id, answer=answer, now=now)


def _claim(row: Payout, now: datetime) -> bool:
    """Whoever gets here first asks; another worker finds the next question later."""
    wait = max(next_ask(row.n_asked), _LEASE)
    found = Payout.objects.filter(pk=row.pk, state=row.state, not_before=row.not_before)
    return bool(found.update(not_before=now + wait))


def transfer_of(row: Payout) -> Transfer:
    payee: Any = crypto.unseal(row.payee, context="payouts.payee")
    remark = row.account.settings.get("remark") or "活动奖励"
    return Transfer(row.out_no, row.net_minor, row.currency, payee, remark)


def _is_said_to_be_paid(row: Payout) -> bool:
    """A provider, of whichever account, says that this number was paid before we sent it: it is held until a person has explained or
    recorded that."""
    return Finding.objects.filter(kind="paid_unsent", out_no=row.out_no, explained_by=None).exists()


def _over_limit(row: Payout, now: datetime) -> str:
    """The account's limits for one person and day, over everybody who shares the payee."""
    account = row.account
    if not account.min_minor <= row.net_minor <= account.max_minor:
        return "amount_out_of_bounds"
    start = day_start(day_of(now, settings.TIME_ZONE), settings.TIME_ZONE)
    sent = Payout.objects.filter(account=account, fingerprint=row.fingerprint, sent_at__gte=start, state__in=SENT)
    today = sent.aggregate(n=Count("id"), minor=Sum("net_minor"))
    over = today["n"] >= account.most_a_day or (today["minor"] or 0) + row.net_minor > account.day_minor
    return "day_limit" if over else ""


def _why_gone(reward_id: int) -> str:
    reward = rewards_seen.get_reward(reward_id)
    return reward.reason or "order_refunded"
