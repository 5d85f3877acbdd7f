"""WeChat Pay merchant transfers (商家转账): the recipient confirms within a day, otherwise the money stays here.

Signatures, certificates and encryption are the library's. A refusal is never believed by itself: whoever was refused is asked for by its
number, because a request may have been taken although its answer says otherwise.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import requests
import structlog
from wechatpayv3 import WeChatPay, WeChatPayType

from liebian.core import crypto
from liebian.payouts.models import Account
from liebian.payouts.types import Answer, AnswerState, Transfer

log = structlog.get_logger("payouts")
GATEWAY = "https://api.mch.weixin.qq.com"
TIMEOUT = (5, 15)
OLDEST_NOTICE = 300
_STATES: dict[str, AnswerState] = {
    "ACCEPTED": "accepted",
    "PROCESSING": "accepted",
    "TRANSFERING": "accepted",
    "CANCELING": "accepted",
    "WAIT_USER_CONFIRM": "awaiting",
    "SUCCESS": "paid",
    "FAIL": "failed",
    "CANCELLED": "returned",
}
_UNCLAIMED = {"OVERDUE_CLOSE", "PAYER_CONFIRM_OVERDUE", "USER_CONFIRM_OVERDUE", "TRANSFER_OVERDUE"}
_REPORTED_USUALLY = ("活动名称", "奖励说明")
_REPORTED = {"1005": ("岗位类型", "报酬说明")}  # commission; what a scene has to report is fixed by WeChat
_clients: dict[tuple[int, bytes, str], WeChatPay] = {}
_lock = threading.Lock()


class WeChat:
    def __init__(self, account: Account) -> None:
        self.settings = account.settings
        self.client = _client(account)

    def send(self, transfer: Transfer) -> Answer:
        name = transfer.payee.get("name") if transfer.net_minor >= 30 else None
        return _answer(
            lambda: self.client.mch_transfer_bills(
                out_bill_no=transfer.out_no,
                transfer_scene_id=self.settings["scene_id"],
                openid=transfer.payee["openid"],
                transfer_amount=transfer.net_minor,
                transfer_remark=transfer.remark[:32],
                user_name=name,
                user_recv_perception=self.settings.get("perception") or None,
                transfer_scene_report_infos=_reports(self.settings),
                notify_url=self.settings.get("notify_url") or None,
            )
        )

    def ask(self, out_no: str) -> Answer:
        return _answer(lambda: self.client.mch_transfer_bills_query(out_bill_no=out_no))

    def cancel(self, out_no: str) -> Answer:
        return _answer(lambda: self.client.mch_transfer_bills_cancel(out_bill_no=out_no))

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now_seconds: float) -> tuple[str, Answer] | None:
        try:
            sent = float(headers.get("wechatpay-timestamp", "0"))
            if abs(now_seconds - sent) > OLDEST_NOTICE:
                return None
            told = self.client.callback(dict(headers), body)
        except Exception as error:  # the library raises bare exceptions for whatever is not a signed notice
            log.warning("notice_refused", error=type(error).__name__)
            return None
        said = told.get("resource") if told else None
        if not isinstance(said, dict) or not said.get("out_bill_no"):
            return None
        return str(said["out_bill_no"]), _read(said)


def _client(account: Account) -> WeChatPay:
    gateway = account.settings.get("gateway") or GATEWAY
    key = (account.pk, bytes(account.secrets), json.dumps(account.settings, sort_keys=True))
    with _lock:
        if key not in _clients:
            secrets: Any = crypto.unseal(account.secrets, context="payouts.secrets")
            client = WeChatPay(
                wechatpay_type=WeChatPayType.JSAPI,
                mchid=account.settings["mchid"],
                appid=account.settings["appid"],
                cert_serial_no=account.settings["cert_serial_no"],
                private_key=secrets["private_key"],
                apiv3_key=secrets["apiv3_key"],
                public_key=secrets["public_key"],
                public_key_id=account.settings["public_key_id"],
                timeout=TIMEOUT,
            )
            client._core._gate_way = gateway
            _clients[key] = client
        return _clients[key]


def _reports(settings: Mapping[str, str]) -> list[dict[str, str]]:
    names = _REPORTED.get(settings["scene_id"], _REPORTED_USUALLY)
    said = zip(names, (settings.get("activity", ""), settings.get("about", "")), strict=True)
    return [{"info_type": name, "info_content": text[:32]} for name, text in said if text]


def _answer(call: Callable[[], tuple[int, Any]]) -> Answer:
    try:
        status, body = call()
        said = json.loads(body) if body else {}
    except (requests.RequestException, ValueError) as error:
        return Answer("unknown", code=type(error).__name__)
    except Exception as error:  # an answer whose signature is not WeChat's says nothing
        log.warning("answer_not_believed", error=str(error)[:200])
        return Answer("unknown", code="bad_signature")
    if 200 <= status < 300:
        return _read(said)
    code, message = str(said.get("code", ""))[:40], str(said.get("message", ""))[:200]
    if status == 404 or code == "NOT_FOUND":
        return Answer("not_found", code=code, message=message)
    return Answer("unknown" if status >= 500 else "refused", code=code or str(status), message=message)


def _read(said: Mapping[str, Any]) -> Answer:
    state = _STATES.get(str(said.get("state", "")), "unknown")
    reason = str(said.get("fail_reason") or "")[:40]
    if state == "failed" and reason in _UNCLAIMED:
        state = "returned"
    amount = said.get("transfer_amount")
    return Answer(
        state,
        provider_no=str(said.get("transfer_bill_no", ""))[:64],
        amount_minor=amount if isinstance(amount, int) else None,
        code=reason,
        package=str(said.get("package_info", ""))[:4000],
        at=_moment(said.get("update_time")),
    )


def _moment(said: object) -> datetime | None:
    """When the bill came to its state, where the answer says so in a form that can be read."""
    try:
        found = datetime.fromisoformat(str(said or ""))
    except ValueError:
        return None
    return found if found.tzinfo else None
