"""Two steps: money is set aside, then posted, voided, or given back when its time is over — once, whatever comes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.ledger.models import Account, Hold
from liebian.ledger.queries import list_holds
from liebian.ledger.services.posting import open_accounts, post_each, post_many
from liebian.ledger.types import AccountRef, EntryDraft, EntryView, HoldDraft, HoldView, InsufficientFunds, Leg, move


def reserve(*, hold: HoldDraft, now: datetime) -> HoldView:
    """Set money aside. Idempotent by `hold.key`. Raises as `reserve_each`, and InsufficientFunds."""
    [outcome] = reserve_each(holds=[hold], now=now)
    if isinstance(outcome, InsufficientFunds):
        raise outcome
    return outcome


def reserve_each(*, holds: Sequence[HoldDraft], now: datetime) -> list[HoldView | InsufficientFunds]:
    """Set aside, in order, whatever its source can carry; the others come back as their refusal.

    Posts source → on_hold. Writes Hold, ledger. Idempotent by each key: a repeat answers the hold as it stands, resolved or not.
    Raises Invalid "hold_expired", Conflict "idempotency_mismatch".
    """
    for hold in holds:
        if hold.expires_at <= hold.effective_at:
            raise Invalid("hold_expired", _("A hold has to end after it begins."), key=hold.key)
    with transaction.atomic():
        outcomes = post_each(entries=[_draft(hold) for hold in holds], now=now)
        entries = {hold.key: entry for hold, entry in zip(holds, outcomes, strict=True) if isinstance(entry, EntryView)}
        _store([hold for hold in holds if hold.key in entries], entries)
        found = {view.key: view for view in list_holds(entries)}
    return [
        found[hold.key] if isinstance(entry, EntryView) else entry for hold, entry in zip(holds, outcomes, strict=True)
    ]


def post_hold(*, key: str, now: datetime, amount: int | None = None, reference: str | None = None) -> HoldView:
    """Give what was set aside to its target; where `amount` is less, the rest returns to the source.

    Writes Hold, ledger. Idempotent: the same amount again changes nothing. Raises NotFound "hold_not_found", Invalid
    "hold_amount", Conflict "already_posted", "already_voided", "already_expired".
    """
    return post_holds(amounts={key: amount}, now=now, references={key: reference})[0]


def post_holds(
    *, amounts: Mapping[str, int | None], now: datetime, references: Mapping[str, str | None] | None = None
) -> list[HoldView]:
    """As `post_hold`, for all of these or none, in the order of their keys."""
    with transaction.atomic():
        rows = _lock(amounts)
        drafts = []
        for row in rows:
            amount = row.amount if amounts[row.idempotency_key] is None else amounts[row.idempotency_key]
            assert amount is not None
            if isinstance(amount, bool) or not 0 < amount <= row.amount:
                raise Invalid("hold_amount", _("Between 1 and %(most)s can be posted of this hold."), most=row.amount)
            if _is_done(row, "posted", amount, now):
                continue
            held, target, source = _ref(row.held), _ref(row.target), _ref(row.source)
            rest = move(held, source, row.amount - amount) if amount < row.amount else ()
            reference = (references or {}).get(row.idempotency_key)
            drafts.append((row, amount, _resolve(row, "post_hold", move(held, target, amount) + rest, now, reference)))
        _finish(drafts, "posted", now)
    return list_holds(amounts)


def void_hold(*, key: str, now: datetime) -> HoldView:
    """Give what was set aside back to its source. Writes and raises as `post_hold`; idempotent."""
    return void_holds(keys=[key], now=now)[0]


def void_holds(*, keys: Iterable[str], now: datetime) -> list[HoldView]:
    """As `void_hold`, for all of these or none, in the order of their keys. A hold past its time can still be voided."""
    wanted = sorted(set(keys))
    with transaction.atomic():
        rows = [row for row in _lock(wanted) if not _is_done(row, "voided", 0, None)]
        _finish([(row, 0, _give_back(row, "void_hold", now)) for row in rows], "voided", now)
    return list_holds(wanted)


def expire_holds(*, now: datetime, limit: int = 1000) -> int:
    """Give back what nobody posted in time, at most `limit`; call until it returns 0. Writes Hold, ledger. Idempotent."""
    due = Hold.objects.filter(state="open", expires_at__lte=now).order_by("expires_at", "id")
    keys = list(due.values_list("idempotency_key", flat=True)[:limit])
    if not keys:
        return 0
    with transaction.atomic():
        rows = [row for row in _lock(keys) if row.state == "open"]
        _finish([(row, 0, _give_back(row, "expire_hold", now)) for row in rows], "expired", now)
    return len(rows)


def _draft(hold: HoldDraft) -> EntryDraft:
    return EntryDraft(
        key=f"reserve:{hold.key}",
        kind="reserve",
        legs=move(hold.source, _held(hold.source), hold.amount),
        effective_at=hold.effective_at,
        subject=hold.subject,
        memo={**hold.memo, "target": hold.target.code, "expires_at": hold.expires_at.isoformat()},
    )


def _held(source: AccountRef) -> AccountRef:
    return AccountRef(f"on_hold:{source.code}", "on_hold", source.asset, source.book, source.title)


def _store(holds: Sequence[HoldDraft], entries: Mapping[str, EntryView]) -> None:
    rows = Hold.objects.filter(idempotency_key__in=list(entries))
    known = {key: said for key, *said in rows.values_list("idempotency_key", "target__code", "expires_at")}
    for hold in holds:
        if hold.key in known and known[hold.key] != [hold.target.code, hold.expires_at]:
            raise Conflict(
                "idempotency_mismatch",
                _(
                    "This was already sent once with other figures. Nothing was posted; open the page again and start over."
                ),
                key=hold.key,
            )
    fresh = {hold.key: hold for hold in holds if hold.key not in known}
    refs = {ref.code: ref for hold in fresh.values() for ref in (hold.source, _held(hold.source), hold.target)}
    accounts = _open(refs, entries)
    Hold.objects.bulk_create(
        Hold(
            idempotency_key=hold.key,
            reserved_id=entries[hold.key].id,
            source_id=accounts[hold.source.code],
            held_id=accounts[_held(hold.source).code],
            target_id=accounts[hold.target.code],
            amount=hold.amount,
            expires_at=hold.expires_at,
        )
        for hold in fresh.values()
    )


def _open(refs: Mapping[str, AccountRef], entries: Mapping[str, EntryView]) -> dict[str, int]:
    opened_at = min((entry.inserted_at for entry in entries.values()), default=None)
    if refs and opened_at is not None:
        open_accounts(refs=list(refs.values()), now=opened_at)
    return dict(Account.objects.filter(code__in=list(refs)).values_list("code", "id"))


def _lock(keys: Iterable[str]) -> list[Hold]:
    wanted = sorted(set(keys))
    rows = Hold.objects.select_for_update(of=("self",)).filter(idempotency_key__in=wanted).order_by("idempotency_key")
    found = list(rows.select_related("source", "held", "target", "reserved"))
    known = {row.idempotency_key for row in found}
    for key in wanted:
        if key not in known:
            raise NotFound("hold_not_found", _("There is no hold %(key)s."), key=key)
    return found


def _is_done(row: Hold, state: str, amount: int, now: datetime | None) -> bool:
    """Whether the hold was resolved just so before. Raises Conflict when it was resolved otherwise, or its time is over."""
    if row.state == "open" and (now is None or now < row.expires_at):
        return False
    if (row.state, row.posted_amount) == (state, amount):
        return True
    raise _resolved_otherwise("expired" if row.state == "open" else row.state, row.idempotency_key)


def _resolved_otherwise(state: str, key: str) -> Conflict:
    if state == "posted":
        return Conflict(
            "already_posted",
            _("The hold %(key)s was posted. Nothing was moved; reverse its entry if it was wrong."),
            key=key,
        )
    if state == "voided":
        return Conflict("already_voided", _("The hold %(key)s was voided. Nothing was moved; reserve anew."), key=key)
    return Conflict(
        "already_expired", _("The time of the hold %(key)s is over. Nothing was moved; reserve anew."), key=key
    )


def _give_back(row: Hold, kind: str, now: datetime) -> EntryDraft:
    return _resolve(row, kind, move(_ref(row.held), _ref(row.source), row.amount), now, None)


def _resolve(row: Hold, kind: str, legs: tuple[Leg, ...], now: datetime, reference: str | None) -> EntryDraft:
    return EntryDraft(
        key=f"resolve:{row.idempotency_key}",
        kind=kind,
        legs=legs,
        effective_at=now,
        subject=row.reserved.subject,
        reference=reference,
        memo={"hold": row.idempotency_key},
    )


def _finish(drafts: Sequence[tuple[Hold, int, EntryDraft]], state: str, now: datetime) -> None:
    entries = post_many(entries=[draft for _, _, draft in drafts], now=now)
    for (row, amount, _draft_of), entry in zip(drafts, entries, strict=True):
        row.state, row.posted_amount, row.resolved_id = state, amount, entry.id
    Hold.objects.bulk_update([row for row, _, _ in drafts], ["state", "posted_amount", "resolved"])


def _ref(row: Account) -> AccountRef:
    return AccountRef(row.code, row.kind, row.asset, row.book, row.title)
