"""The reconciliation: every check once a night, its differences as alarms until they are gone or somebody explains them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from liebian.core.days import day_of, day_start
from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.ledger import services as ledger
from liebian.rewards.models import Alarm, CheckRun
from liebian.rewards.queries.reconciling import get_alarm
from liebian.rewards.services.checks.units import LedgerCheck
from liebian.rewards.types import AlarmView, Check, Compared, Difference

MOST_ALARMS = 500
"""Of one check; more say nothing more than that it is thoroughly off. Those that are known come first, so none is gone that is still there."""


def list_checks() -> list[Check]:
    """The checks of this context and of those above it that the configuration names."""
    return [check for name in settings.RECONCILIATION_CHECKS for check in import_string(name)]


def reconcile_night(*, now: datetime) -> int:
    """From the hour RECONCILIATION_HOUR on, run the checks that have not run since then; how many did. Idempotent by day."""
    day = day_of(now, settings.TIME_ZONE)
    begin = day_start(day, settings.TIME_ZONE) + timedelta(hours=settings.RECONCILIATION_HOUR)
    if now < begin:
        return 0
    done = set(CheckRun.objects.filter(day=day, at__gte=begin).values_list("code", flat=True))
    due = [check for check in list_checks() if check.code not in done]
    reconcile(checks=due, now=now)
    return len(due)


def prove_ahead(*, now: datetime) -> int:
    """Prove the ledger before the night where much was posted since the last proof, which keeps its pages quick; how many ran.

    Writes what `reconcile` does.
    """
    if not ledger.is_proof_due():
        return 0
    reconcile(checks=[LedgerCheck()], now=now)
    return 1


def reconcile(*, checks: Sequence[Check], now: datetime) -> None:
    """Run checks and keep what they find. Writes CheckRun, Alarm; what a check itself writes. A repeat replaces the day's run.

    A check that fails is kept with its error and does not keep the others from running.
    """
    for check in checks:
        try:
            with _one_moment(check):
                compared = check.compare(now)
        except Exception as error:  # whatever it is, it is told on the page
            _keep(check, Compared(0), now, error=f"{type(error).__name__}: {error}"[:500])
        else:
            _keep(check, compared, now)


def explain_alarm(*, alarm_id: int, note: str, actor: int, now: datetime) -> AlarmView:
    """Say why a difference is as it is; it is quiet until it changes. Writes Alarm. Idempotent by the note.

    Raises NotFound, Invalid "alarm_note", Conflict "alarm_gone".
    """
    note = note.strip()
    if not note or len(note) > 500:
        raise Invalid("alarm_note", _("Say in 1 to 500 characters where the difference comes from."))
    with transaction.atomic():
        row = Alarm.objects.select_for_update().filter(pk=alarm_id).first()
        if row is None:
            raise NotFound("alarm_not_found", _("There is no alarm #%(number)s."), number=alarm_id)
        if row.state == "gone":
            raise Conflict("alarm_gone", _("This difference is gone. There is nothing left to explain."))
        row.state, row.note, row.explained_by, row.explained_at = "explained", note, actor, now
        row.save(update_fields=["state", "note", "explained_by", "explained_at"])
    return get_alarm(alarm_id)


def raise_alarm(*, check: str, difference: Difference, now: datetime) -> None:
    """A difference was found where it stands: it is an alarm at once, not with the next comparison. Writes Alarm. Idempotent."""
    row = Alarm(code=check, opened_at=now, seen_at=now, **asdict(difference))
    known = Alarm.objects.filter(code=check).exclude(state="gone")
    said = {"state": "open", "expected": row.expected, "found": row.found, "seen_at": now}
    if not known.filter(subject=row.subject, what=row.what).update(**said) and known.count() < MOST_ALARMS:
        Alarm.objects.bulk_create([row], ignore_conflicts=True)


def settle_alarm(*, check: str, subject: str, what: str, now: datetime) -> None:
    """A difference was explained where it stands, so that the check no longer finds it: its alarm is gone at once. Writes Alarm. Idempotent."""
    found = Alarm.objects.filter(code=check, subject=subject, what=what).exclude(state="gone")
    found.update(state="gone", closed_at=now)


@contextmanager
def _one_moment(check: Check) -> Iterator[None]:
    """A check that only reads sees one moment of the database, so that what is posted meanwhile is no difference."""
    if check.writes:
        yield
        return
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _keep(check: Check, compared: Compared, now: datetime, *, error: str = "") -> None:
    day = day_of(now, settings.TIME_ZONE)
    said = {
        "at": now,
        "n_compared": compared.n_compared,
        "n_differences": len(compared.differences),
        "error": error,
    }
    with transaction.atomic():
        CheckRun.objects.update_or_create(code=check.code, day=day, defaults=said)
        if not error:
            _raise_alarms(check.code, compared.differences, now)


def _raise_alarms(code: str, differences: Sequence[Difference], now: datetime) -> None:
    known = {(row.subject, row.what): row for row in Alarm.objects.filter(code=code).exclude(state="gone")}
    settled = set(Alarm.objects.filter(code=code, state="gone", closed_at__gt=now).values_list("subject", "what"))
    room = MOST_ALARMS - sum((each.subject, each.what) in known for each in differences)
    for each in differences:
        row = known.pop((each.subject, each.what), None)
        if row is None and (each.subject, each.what) in settled:
            continue  # explained while the check was reading
        if row is None:
            if room <= 0:
                continue
            room -= 1
            row = Alarm(code=code, subject=each.subject, what=each.what, unit=each.unit, opened_at=now)
        elif row.found - row.expected != each.found - each.expected:
            row.state = "open"
        row.expected, row.found, row.seen_at = each.expected, each.found, now
        row.save()
    gone = [row.pk for row in known.values() if row.seen_at <= now]  # raised since: the check could not see it
    Alarm.objects.filter(pk__in=gone).update(state="gone", closed_at=now)
