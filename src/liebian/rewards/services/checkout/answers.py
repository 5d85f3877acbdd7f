"""The same request under the same key has the same answer, however often it comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from liebian.core.errors import Conflict, LiebianError
from liebian.core.texts import mark as _
from liebian.rewards.models import CheckoutAnswer

Answer = tuple[int, dict[str, Any]]


def answer_once(
    *,
    shop: str,
    key: str,
    body_hash: str,
    act: Callable[[], dict[str, Any]],
    tell: Callable[[LiebianError], dict[str, Any]],
    now: datetime,
) -> Answer:
    """Do `act` and keep its answer, a refusal in the words of `tell` too; a repeat is told what the first was told.

    Writes CheckoutAnswer in the transaction of the act. Raises Conflict "idempotency_mismatch" when the body is another one.
    """
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = CheckoutAnswer.objects.create(
                    shop=shop, key=key, body_hash=body_hash, status=0, answer={}, at=now
                )
        except IntegrityError:
            return _repeat(CheckoutAnswer.objects.get(shop=shop, key=key), body_hash)
        row.status, row.answer = _try(act, tell)
        row.save(update_fields=["status", "answer"])
    return row.status, row.answer


def drop_old_answers(*, now: datetime, limit: int = 5000) -> int:
    """Forget answers that were given more than ANSWER_DAYS ago, at most `limit`; call until it returns 0. Deletes CheckoutAnswer.

    A request that is repeated after so long is a new one.
    """
    old = CheckoutAnswer.objects.filter(at__lt=now - timedelta(days=settings.ANSWER_DAYS)).order_by("at")
    deleted, _each = CheckoutAnswer.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()
    return int(deleted)


def _try(act: Callable[[], dict[str, Any]], tell: Callable[[LiebianError], dict[str, Any]]) -> Answer:
    try:
        with transaction.atomic():
            return 200, act()
    except LiebianError as error:
        if error.status >= 500:
            raise
        return error.status, tell(error)


def _repeat(row: CheckoutAnswer, body_hash: str) -> Answer:
    if row.body_hash != body_hash:
        raise Conflict(
            "idempotency_mismatch",
            _("This Idempotency-Key came with another body before. Use a new key for a new request."),
        )
    return row.status, row.answer
