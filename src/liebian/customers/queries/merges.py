"""The identity log read backwards: who two people were before they were found to be one."""

from __future__ import annotations

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.customers.models import IdentityChange
from liebian.customers.types import BeforeMerge, PersonBefore


def rebuild_before_merge(change_id: int) -> BeforeMerge:
    """Both people as they stood when the merge of this identity change was decided: columns, identifiers, all their ids.

    Works from the identity log alone, whatever happened to either of them since. Raises NotFound "merge_not_found".
    """
    merge = IdentityChange.objects.filter(pk=change_id, kind="merged").first()
    if merge is None or merge.other_id is None or merge.before is None:
        raise NotFound("merge_not_found", _("There is no merge with this number."))
    winner_ids, loser_ids = _ids_of(merge.customer_id, merge.pk), _ids_of(merge.other_id, merge.pk)
    return BeforeMerge(
        winner=PersonBefore(merge.customer_id, merge.before["winner"], _identifiers(winner_ids, merge.pk), winner_ids),
        loser=PersonBefore(merge.other_id, merge.before["loser"], _identifiers(loser_ids, merge.pk), loser_ids),
    )


def _ids_of(customer_id: int, before: int) -> tuple[int, ...]:
    """The person's id and those merged into it until then, ascending."""
    known, fresh = {customer_id}, {customer_id}
    while fresh:
        rows = IdentityChange.objects.filter(kind="merged", customer_id__in=fresh, pk__lt=before)
        fresh = {other for other in rows.values_list("other_id", flat=True) if other} - known
        known |= fresh
    return tuple(sorted(known))


def _identifiers(ids: tuple[int, ...], before: int) -> tuple[bytes, ...]:
    rows = IdentityChange.objects.filter(kind="linked", customer_id__in=ids, pk__lt=before)
    return tuple(sorted(bytes(index) for index in rows.values_list("identifier_index", flat=True) if index))
