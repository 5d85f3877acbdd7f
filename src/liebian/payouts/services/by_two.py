"""A second person's answer to what somebody proposed, written on the row. Does not own what follows from it, nor the words of a late one."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _
from liebian.payouts.models import Batch, Recording

Answer = Literal["new", "again", "late"]


def answer(row: Batch | Recording, *, agree: bool, actor: int, now: datetime) -> Answer:
    """Write who agreed or declined; whoever proposed it can only withdraw it. The caller holds the row and its transaction.

    "again": this is the answer that stands. "late": another one does. Raises Conflict "same_person".
    """
    own = row.proposed_by == actor
    if agree and own:
        raise Conflict("same_person", _("Somebody else has to agree: whoever proposed it cannot."))
    state = "approved" if agree else "withdrawn" if own else "declined"
    if row.state != "proposed":
        return "again" if (row.state, row.decided_by) == (state, actor) else "late"
    row.state, row.decided_by, row.decided_at = state, actor, now
    row.save(update_fields=["state", "decided_by", "decided_at"])
    return "new"
