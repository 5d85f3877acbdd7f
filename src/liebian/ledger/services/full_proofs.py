"""Full proofs that somebody asked for: one waits or runs at a time, in the worker, and tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from liebian.access.services import record_audit
from liebian.ledger.models import FullProof, Proof, Segment
from liebian.ledger.services.proving import prove


def ask_full_proof(*, actor: int, now: datetime) -> int:
    """Let the worker read the whole ledger again; answers its number. Writes FullProof, audit. While one waits or runs, that one is meant."""
    with transaction.atomic():
        moving = FullProof.objects.select_for_update().filter(state__in=("waiting", "running")).first()
        if moving is not None:
            return int(moving.pk)
        row = FullProof.objects.create(asked_at=now, asked_by=actor)
        record_audit(actor_id=actor, action="ledger.full_proof_asked", subject=f"full_proof:{row.pk}", now=now)
    return int(row.pk)


def run_full_proof(*, clock: Callable[[], datetime]) -> int:
    """Run the full proof that waits, or begin again one that a worker left behind. Writes FullProof, what `prove` does. How many ran."""
    row = FullProof.objects.filter(state__in=("waiting", "running")).order_by("id").first()
    if row is None:
        return 0
    mine = FullProof.objects.filter(pk=row.pk)
    n_total = Segment.objects.aggregate(n=Coalesce(Sum("n_entries"), 0))["n"]
    mine.update(state="running", n_done=0, n_total=n_total)
    try:
        proof = prove(now=clock(), is_full=True, tell=lambda n: _tell(row.pk, n))
    except Exception as error:  # whatever it is, it is told on the page
        mine.update(state="failed", finished_at=clock(), error=f"{type(error).__name__}: {error}"[:500])
    else:
        last = Proof.objects.filter(is_full=True, at=proof.at).order_by("-id").first()
        mine.update(state="done", finished_at=clock(), proof=last)
    return 1


def _tell(key: int, n_entries: int) -> None:
    FullProof.objects.filter(pk=key).update(n_done=F("n_done") + n_entries)
