"""liebian erase: forget a customer."""

from __future__ import annotations

from liebian.config.cli.root import app
from liebian.config.jobs import publish_lake, run_stages, work_erasures
from liebian.config.terminal import console, print_json
from liebian.core import clock, cursors
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.customers import queries, services
from liebian.tiers import services as tiers


@app.command
def erase(customer: str, *, reason: str, confirm: str = "", json: bool = False) -> None:
    """Erase a customer: everything that names them goes, orders and money stay without a name. It cannot be undone.

    Parameters
    ----------
    customer
        The customer's number, for example C-000123.
    reason
        Why. Kept in the audit trail; do not name the customer.
    confirm
        The customer's number again, because it cannot be undone.
    """
    digits = customer.strip().upper().removeprefix("C-")
    person = queries.get_customer(int(digits) if digits.isdecimal() else 0).id
    number = queries.get_profile(person).number
    if confirm.strip().upper() != number:
        raise Invalid(
            "erasure_not_confirmed",
            _("Erasing cannot be undone. Say it again: --confirm %(number)s"),
            number=number,
        )
    services.erase_customer(customer_id=person, reason=reason, actor_id=None, now=clock.now())
    steps = (work_erasures, run_stages, publish_lake)
    cursors.drain(lambda: sum(step(clock.now()) for step in steps))
    tiers.refresh_all(now=clock.now())
    found = queries.find_erasure(person)
    is_done = found is not None and found.done_at is not None
    if json:
        print_json({"customer": number, "is_done": is_done})
    else:
        console.print(f"{number} is erased{'' if is_done else '; the worker does what is left'}.")
