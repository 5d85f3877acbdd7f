"""A provider without a network: it keeps transfers by number and answers as it is told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from liebian.payouts.types import Answer, Transfer


@dataclass
class Provider:
    """Keeps transfers by number. `mode` says how the next calls go; `told` is everything it ever said, for late messages."""

    bills: dict[str, dict[str, Any]] = field(default_factory=dict)
    mode: str = "ok"
    told: list[tuple[str, Answer]] = field(default_factory=list)

    def send(self, transfer: Transfer) -> Answer:
        if self.mode in ("silent_before", "no", "busy"):
            code = {"no": "PARAM_ERROR", "busy": "NOT_ENOUGH"}.get(self.mode, "")
            return Answer("unknown") if self.mode == "silent_before" else Answer("refused", code=code)
        known = self.bills.get(transfer.out_no)
        assert known is None or (known["net"], known["payee"]) == (transfer.net_minor, transfer.payee["openid"])
        first = "paid" if self.mode == "at_once" else "awaiting"
        self.bills.setdefault(
            transfer.out_no, {"state": first, "net": transfer.net_minor, "payee": transfer.payee["openid"]}
        )
        if self.mode == "silent_after":
            return Answer("unknown")
        return Answer("refused", code="PARAM_ERROR") if self.mode == "lie" else self.ask(transfer.out_no)

    def ask(self, out_no: str) -> Answer:
        bill = self.bills.get(out_no)
        if bill is None:
            return Answer("not_found")
        state = "paid" if bill["state"] == "refunded" else bill["state"]
        answer = Answer(state, provider_no=f"p{out_no[:4]}", amount_minor=bill["net"], package="package")
        self.told.append((out_no, answer))
        return answer

    def cancel(self, out_no: str) -> Answer:
        if self.bills[out_no]["state"] == "awaiting":
            self.bills[out_no]["state"] = "returned"
        return self.ask(out_no)

    def read_notice(self, headers: Any, body: bytes, *, now_seconds: float) -> tuple[str, Answer]:
        return self.told[int(headers["told"])]
