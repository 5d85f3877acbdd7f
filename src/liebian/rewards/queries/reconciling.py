"""What the reconciliation found: the last run of every check, and alarms."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, Max, OuterRef

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.rewards.models import Alarm, CheckRun, Comparison
from liebian.rewards.types import AlarmView, CheckRunView, ComparisonView


def list_last_runs() -> dict[str, CheckRunView]:
    """By check, the newest run."""
    newest = CheckRun.objects.order_by().values("code").annotate(day=Max("day")).values_list("code", "day")
    days = dict(newest)
    rows = CheckRun.objects.filter(day__in=set(days.values()))
    return {row.code: _view_run(row) for row in rows if days[row.code] == row.day}


def find_comparison() -> ComparisonView | None:
    """What somebody asked for last."""
    names = list(ComparisonView.__dataclass_fields__)
    row = Comparison.objects.order_by("-id").values_list(*names).first()
    return ComparisonView(*row) if row else None


def list_alarms(*, states: Collection[str] = ("open", "explained"), limit: int = 200) -> list[AlarmView]:
    """Newest first."""
    return [_view(row) for row in Alarm.objects.filter(state__in=states).order_by("-id")[:limit]]


def count_open_alarms() -> int:
    """Differences that nobody has explained, and checks whose last run failed."""
    later = CheckRun.objects.filter(code=OuterRef("code"), day__gt=OuterRef("day"))
    failed = CheckRun.objects.exclude(error="").filter(~Exists(later))
    opened = Alarm.objects.filter(state="open").values_list("pk")
    return opened.union(failed.values_list("pk"), all=True).count()  # one query: every page asks


def get_alarm(alarm_id: int) -> AlarmView:
    row = Alarm.objects.filter(pk=alarm_id).first()
    if row is None:
        raise NotFound("alarm_not_found", _("There is no alarm #%(number)s."), number=alarm_id)
    return _view(row)


def _view_run(row: CheckRun) -> CheckRunView:
    return CheckRunView(row.code, row.day, row.at, row.n_compared, row.n_differences, row.error)


def _view(row: Alarm) -> AlarmView:
    return AlarmView(
        row.pk, row.code, row.subject, row.what, row.expected, row.found, row.unit,
        row.state,  # type: ignore[arg-type]
        row.opened_at, row.seen_at, row.note, row.explained_by, row.explained_at,
    )  # fmt: skip
