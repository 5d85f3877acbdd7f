"""A file that says where the money of many people goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from liebian.core.errors import Invalid, LiebianError
from liebian.core.ids import read_customer_number
from liebian.core.texts import mark as _
from liebian.customers import queries as customers
from liebian.payouts.services.payees import set_payee
from liebian.payouts.types import PayeeTable

MOST_ROWS = 10_000
_NAMES = {
    "customer": ("customer", "user_id", "客户", "客户编号"),
    "openid": ("openid", "微信openid"),
    "name": ("name", "holder", "收款人", "收款人姓名", "姓名"),
    "number": ("number", "account", "收款账号", "账号", "卡号"),
    "bank": ("bank", "开户行", "银行"),
}


def import_payees(
    *, adapter: str, header: Sequence[str], rows: Iterable[Sequence[str | None]], actor: int, now: datetime
) -> PayeeTable:
    """Set the payee of every row that can be taken; the other rows are told with their reason.

    A customer is named as C-000123 or by user_id. Writes as `set_payee`, row by row. Idempotent. Raises Invalid "payee_columns",
    "payee_rows" (before anything is written).
    """
    names = [name.strip().lower() for name in header]
    places = {key: next((names.index(each) for each in known if each in names), None) for key, known in _NAMES.items()}
    if places["customer"] is None or not any(places[key] is not None for key in ("openid", "name", "number")):
        raise Invalid("payee_columns", _("The file needs the column customer, and openid or name and number."))
    taken = list(islice(rows, MOST_ROWS + 1))
    if len(taken) > MOST_ROWS:
        raise Invalid("payee_rows", _("A file has at most %(most)s rows. Split it."), most=MOST_ROWS)
    n_taken, rejected = 0, []
    for line, row in enumerate(taken, 2):
        said = {key: _cell(row, place) for key, place in places.items()}
        who = said.pop("customer")
        if not who and not any(said.values()):
            continue
        try:
            set_payee(customer_id=_find(who), adapter=adapter, details=said, actor=actor, now=now)
            n_taken += 1
        except LiebianError as error:
            rejected.append((line, who[:60], error))
    return PayeeTable(n_taken, tuple(rejected))


def _find(who: str) -> int:
    return read_customer_number(who) or customers.get_by_user_id(who).id


def _cell(row: Sequence[str | None], place: int | None) -> str:
    return ((row[place] if place is not None and place < len(row) else None) or "").strip()
