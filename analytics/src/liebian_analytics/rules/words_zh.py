"""Rules read aloud in Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from liebian_analytics.rules.words import Value, Words


class Chinese(Words):
    """「找出……的客户」"""

    names = {
        "gender": "性别",
        "city": "城市",
        "province": "省份",
        "occupation": "职业",
        "channel": "来源渠道",
        "birth_year": "出生年份",
        "tier:rfm": "RFM 分级",
        "tier:abc": "ABC 分级",
        "tier:lifecycle": "生命周期",
        "cell:important_value": "重要价值",
        "cell:important_develop": "重要发展",
        "cell:important_keep": "重要保持",
        "cell:important_winback": "重要挽留",
        "cell:general_value": "一般价值",
        "cell:general_develop": "一般发展",
        "cell:general_keep": "一般保持",
        "cell:general_winback": "一般挽留",
        "cell:A": "A 类",
        "cell:B": "B 类",
        "cell:C": "C 类",
        "cell:potential": "潜在",
        "cell:new": "新客",
        "cell:active": "活跃",
        "cell:loyal": "忠诚",
        "cell:at_risk": "有流失风险",
        "cell:lost": "已流失",
        "event:Product Viewed": "浏览商品",
        "event:Order Completed": "完成订单",
        "event:Order Refunded": "退款",
        "event:Order Cancelled": "取消订单",
        "event:Referral Invited": "被邀请参加裂变",
        "event:Referral Page Viewed": "看邀请页",
        "event:Referral Link Shared": "分享邀请链接",
        "event:Referral Link Opened": "打开邀请链接",
        "event:Referral Signed Up": "通过邀请注册",
    }

    def sentence(self, clause: str, *, everybody: bool) -> str:
        return "全部客户。" if everybody else f"找出{clause}的客户。"

    def bracket(self, clause: str) -> str:
        return f"（{clause}）"

    def join_all(self, clauses: Sequence[str]) -> str:
        return "，并且".join(clauses) or "属于全部客户"

    def join_any(self, clauses: Sequence[str]) -> str:
        return "，或者".join(clauses)

    def deny(self, clause: str) -> str:
        return f"不属于（{clause}）"

    def attribute(self, name: str, op: str, value: Any) -> str:
        label = self.label(name, name)
        if op in {"is_set", "not_set"}:
            return f"{label}{'已知' if op == 'is_set' else '未知'}"
        shown = [_show(item) for item in value] if isinstance(value, tuple) else [_show(value)]
        if op == "in":
            return f"{label}是{'或'.join(shown)}"
        if op in {"eq", "ne", "contains"}:
            verb = {"eq": "是", "ne": "已知且不是", "contains": "包含"}[op]
            return f"{label}{verb}{shown[0]}"
        return f"{label}{_relation(op, shown, '')}"

    def tier(self, model: str, cells: Sequence[str]) -> str:
        return f"{self.label(f'tier:{model}', model)}是{'或'.join(self.cell(model, code) for code in cells)}"

    def orders(self, metric: str, op: str, value: Value, window_days: int | None, channel: str | None) -> str:
        where = "" if channel is None else f"在「{self.label(f'channel:{channel}', channel)}」"
        window = _window(window_days)
        shown = self.amount(metric, value)
        if metric == "n_orders":
            if op == "eq" and value == 0:
                return f"{window}{where}没有下单"
            return f"{window or '累计'}{where}下单{_relation(op, shown, ' 次')}"
        if metric == "revenue_minor":
            return f"{window or '累计'}{where}消费{_relation(op, shown, '')}"
        if metric == "average_order_minor":
            return f"{window}{where}平均每单{_relation(op, shown, '')}"
        which = "最近一次" if metric == "days_since_last_order" else "第一次"
        return f"{window}{where}{which}下单距今{_relation(op, shown, ' 天')}"

    def events(self, name: str, op: str, value: Value, window_days: int | None) -> str:
        did = f"「{self.label(f'event:{name}', name)}」"
        if op == "eq" and value == 0:
            return f"{_window(window_days)}没有{did}"
        return f"{_window(window_days) or '累计'}{did}{_relation(op, self.amount('n', value), ' 次')}"


def _window(days: int | None) -> str:
    return "" if days is None else f"最近 {days} 天"


def _relation(op: str, shown: Sequence[str], unit: str) -> str:
    if op == "between":
        return f" {shown[0]} 到 {shown[1]}{unit}"
    word = {"eq": "正好", "ne": "不是", "lt": "少于", "le": "至多", "gt": "超过", "ge": "至少"}[op]
    return f"{word} {shown[0]}{unit}"


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"「{value}」" if isinstance(value, str) else f" {value} "
