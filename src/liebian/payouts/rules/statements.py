"""A provider's statement, in whose words ever, as rows. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from liebian.core.errors import Invalid, LiebianError
from liebian.core.money import to_amount, to_minor
from liebian.core.texts import mark as _
from liebian.payouts.types import RowProblem, StatementRow

_NAMES = {
    "out_no": ("商户单号", "商家单号", "商户明细单号", "商户订单号", "我方单号", "our number", "out_bill_no", "out_no"),
    "provider_no": ("微信单号", "转账单号", "微信转账单号", "微信支付单号", "银行流水号", "流水号", "provider number", "transfer_bill_no"),
    "amount": ("金额", "转账金额", "金额（元）", "金额(元)", "支出金额（元）", "收支金额(元)", "amount"),
    "state": ("状态", "转账状态", "单据状态", "结果", "state", "result"),
    "reason": ("失败原因", "原因", "备注", "reason"),
}  # fmt: skip
_YES = {"成功", "转账成功", "已到账", "已付款", "success", "paid", "yes", "ok"}
_NO = {"失败", "转账失败", "已撤销", "已退回", "fail", "failed", "cancelled", "no", "returned"}


def read_rows(
    header: Sequence[str], rows: Iterable[Sequence[str]], currency: str
) -> tuple[list[StatementRow], list[RowProblem]]:
    """Rows that can be read, and every other one with its reason. Rows count from 2, under the header.

    Raises Invalid "statement_columns" when the file does not name our numbers.
    """
    columns = _find_columns(header)
    good: list[StatementRow] = []
    bad: list[RowProblem] = []
    for number, cells in enumerate(rows, start=2):
        said = {name: _clean(cells[at]) if at < len(cells) else "" for name, at in columns.items()}
        if not any(said.values()):
            continue
        try:
            good.append(_read(number, said, currency))
        except LiebianError as error:
            bad.append(RowProblem(number, said["out_no"], error.code))
    return good, bad


def _find_columns(header: Sequence[str]) -> dict[str, int]:
    known = {_clean(name).lower(): at for at, name in enumerate(header)}
    found = {field: known[name] for field, names in _NAMES.items() for name in reversed(names) if name in known}
    if "out_no" not in found:
        raise Invalid(
            "statement_columns", _("The file has no column with our numbers; name it 商户单号 or “our number”.")
        )
    return found


def _read(number: int, said: dict[str, str], currency: str) -> StatementRow:
    if not said["out_no"]:
        raise Invalid("statement_number", _("This row does not say which payout it is about."))
    amount = said.get("amount", "").replace(",", "").replace("¥", "").lstrip("-+")
    state = said.get("state", "").lower()
    if state and state not in _YES | _NO:
        raise Invalid("statement_state", _("This row says neither that it was paid nor that it was not."))
    return StatementRow(
        row=number,
        out_no=said["out_no"],
        amount_minor=_exact(amount, currency) if amount else None,
        paid=(state in _YES) if state else None,
        provider_no=said.get("provider_no", "")[:64],
        reason=said.get("reason", "")[:200],
    )


def _exact(amount: str, currency: str) -> int:
    """An amount with a part of the smallest coin is no amount that was paid: rounded, it could agree with ours by chance."""
    minor = to_minor(amount, currency)
    if to_amount(minor, currency) != Decimal(amount):
        raise Invalid("bad_amount", _("'%(amount)s' is not an amount of money."), amount=amount[:40])
    return minor


def _clean(cell: object) -> str:
    return str(cell if cell is not None else "").strip().lstrip("`\ufeff'").strip()
