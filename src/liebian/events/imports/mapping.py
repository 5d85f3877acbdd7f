"""Which column holds what: from a preset, a mapping file, a form, or a guess by the usual names."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from liebian.core.errors import Invalid
from liebian.core.texts import Term
from liebian.core.texts import mark as _
from liebian.events.imports.presets import PRESETS
from liebian.events.imports.types import AMOUNTS, FIELD_NAMES, FIELDS, REQUIRED, Mapping

_USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "order_id": ("orderid", "orderno", "ordernumber", "invoiceno", "invoice", "订单号", "订单编号", "单号"),
    "customer_id": ("customerid", "customer", "userid", "memberid", "buyerid", "客户编号", "客户号", "会员号", "用户编号", "买家会员名"),
    "at": ("orderedat", "orderdate", "createdat", "paidat", "invoicedate", "date", "time", "下单时间", "付款时间", "订单创建时间", "日期", "时间"),
    "product_id": ("productid", "sku", "skuid", "stockcode", "itemid", "商品编号", "商品编码", "货号"),
    "product_name": ("productname", "product", "item", "title", "description", "商品名称", "商品", "品名", "商品标题"),
    "category": ("category", "类目", "品类", "分类"),
    "quantity": ("quantity", "qty", "count", "数量", "购买数量", "件数"),
    "price": ("unitprice", "price", "itemprice", "单价", "商品单价"),
    "total": ("total", "amount", "ordertotal", "paid", "payment", "revenue", "实付金额", "订单金额", "总金额", "金额", "买家实际支付金额"),
    "currency": ("currency", "币种", "货币"),
    "channel": ("channel", "saleschannel", "渠道", "来源", "销售渠道"),
    "country": ("country", "国家"), "province": ("province", "state", "省份", "省"), "city": ("city", "城市", "市"),
    "gender": ("gender", "sex", "性别"), "birthday": ("birthday", "生日"), "occupation": ("occupation", "职业"),
    "name": ("name", "customername", "姓名", "收货人", "收货人姓名"),
    "phone": ("phone", "mobile", "手机", "手机号", "联系电话", "电话"),
    "email": ("email", "邮箱", "电子邮箱"), "address": ("address", "地址", "收货地址"),
}  # fmt: skip
_LISTS = {"date_formats", "adjustment_codes", "adjustment_prefixes"}
_SETTINGS = {f.name for f in fields(Mapping)} - {"columns"}


def guess_columns(header: Sequence[str]) -> dict[str, str]:
    """The usual names, in any spelling of case, space and underscore. A column serves one field only."""
    plain = {column: re.sub(r"[\s_\-()（）/.]", "", column).lower() for column in header}
    guessed: dict[str, str] = {}
    for field, names in _USUAL_NAMES.items():
        for name in names:
            column = next((c for c, p in plain.items() if p == name and c not in guessed.values()), None)
            if column is not None:
                guessed[field] = column
                break
    if "price" in guessed and "total" in guessed:
        guessed.pop("price" if "quantity" not in guessed and "product_id" not in guessed else "total")
    return guessed


def find_preset(header: Sequence[str]) -> str | None:
    """The preset whose columns are all there."""
    return next((name for name, preset in PRESETS.items() if set(preset.columns.values()) <= set(header)), None)


def parse_mapping_file(data: bytes) -> dict[str, Any]:
    """A mapping in JSON or TOML. Raises Invalid when it is neither, or not an object."""
    try:
        text = data.decode("utf-8-sig")
        value = msgspec.json.decode(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError, UnicodeError, RecursionError):
        raise Invalid("bad_mapping_file", _("The mapping file is neither JSON nor TOML.")) from None
    if not isinstance(value, dict):
        raise Invalid("bad_mapping_file", _("The mapping file must be a table with `columns`."))
    return value


def resolve(options: AnyMapping[str, Any], header: Sequence[str], *, time_zone: str = "Asia/Shanghai") -> Mapping:
    """The mapping that these options mean for a file with this header.

    `options` has `preset` (a name), or `mapping` ({columns, time_zone, currency, …}), or
    `mapping_file` (the same as JSON or TOML text), or none: then columns are
    guessed. `time_zone` stands where the mapping names none; `source` replaces the name under which the import remembers what it wrote. Raises Invalid.
    """
    if preset := options.get("preset"):
        if not isinstance(preset, str) or preset not in PRESETS:
            raise Invalid(
                "unknown_preset",
                _("There is no preset '%(preset)s'. Known: %(known)s."),
                preset=str(preset)[:40],
                known=sorted(PRESETS),
            )
        mapping = PRESETS[preset]
    else:
        text = options.get("mapping_file")
        given = parse_mapping_file(str(text).encode()) if text else options.get("mapping") or {}
        mapping = _from_settings(given, header, time_zone)
    if options.get("source"):
        mapping = replace(mapping, source=str(options["source"])[:100])
    check_columns(mapping, header)
    return mapping


def _from_settings(given: AnyMapping[str, Any], header: Sequence[str], time_zone: str) -> Mapping:
    unknown = set(given) - _SETTINGS - {"columns"}
    columns = given.get("columns")
    if columns is None:
        columns = guess_columns(header)
    if isinstance(columns, dict):
        unknown |= set(columns) - set(FIELDS)
    if unknown or not isinstance(columns, dict):
        raise Invalid(
            "bad_mapping",
            _("The mapping does not know: %(names)s. Fields are %(fields)s."),
            names=sorted(map(str, unknown)) or ["columns"],
            fields=list(FIELDS),
        )
    settings = {key: _setting(key, value) for key, value in given.items() if key != "columns"}
    mapping = Mapping(columns={k: str(v) for k, v in columns.items() if v}, **{"time_zone": time_zone, **settings})
    return replace(mapping, currency=mapping.currency.strip().upper(), source=mapping.source.strip()[:100])


def _setting(key: str, value: Any) -> Any:
    if key in _LISTS and isinstance(value, str):
        return (value,)
    if key in _LISTS and isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if key not in _LISTS and isinstance(value, str):
        return value
    if key in _LISTS:
        raise Invalid("bad_mapping", _("`%(key)s` must be a list of texts."), key=key)
    raise Invalid("bad_mapping", _("`%(key)s` must be text."), key=key)


def check_columns(mapping: Mapping, header: Sequence[str]) -> None:
    """Raises Invalid when something needed is not mapped or not in the file; names the closest column."""
    for field in REQUIRED:
        if field not in mapping.columns:
            raise _missing(field, header)
    if not any(field in mapping.columns for field in AMOUNTS):
        raise _missing("price", header, _("Price of one piece, or total of the order"))
    for field, column in mapping.columns.items():
        if column not in header:
            raise _absent(field, column, header)
    try:
        ZoneInfo(mapping.time_zone)
    except (KeyError, ValueError, OSError):
        raise Invalid(
            "bad_time_zone",
            _("'%(time_zone)s' is not a time zone. Use a name like Asia/Shanghai."),
            time_zone=mapping.time_zone,
        ) from None
    if not re.fullmatch(r"[A-Z]{3}", mapping.currency):
        raise Invalid(
            "bad_currency",
            _("'%(currency)s' is not a currency code. Use three letters like CNY."),
            currency=mapping.currency,
        )
    if mapping.decimal not in {".", ","}:
        raise Invalid("bad_mapping", _("`decimal` is '.' or ','."))


def _absent(field: str, column: str, header: Sequence[str]) -> Invalid:
    about: dict[str, Any] = {"field": field, "column": column, "words": Term(FIELD_NAMES[field])}
    if close := difflib.get_close_matches(column, header, 1, 0.5):
        return Invalid(
            "column_missing",
            _("The file has no column '%(column)s' (%(words)s). Did you mean '%(closest)s'?"),
            closest=close[0],
            **about,
        )
    return Invalid(
        "column_missing",
        _("The file has no column '%(column)s' (%(words)s). It has: %(header)s."),
        header=list(header[:30]),
        **about,
    )


def _missing(field: str, header: Sequence[str], words: str | None = None) -> Invalid:
    names = (field, *_USUAL_NAMES[field])
    by_plain = {re.sub(r"\W|_", "", column).lower(): column for column in header}
    close = next((m[0] for name in names if (m := difflib.get_close_matches(name, list(by_plain), 1, 0.6))), None)
    about: dict[str, Any] = {"field": field, "words": Term(words or FIELD_NAMES[field])}
    if close:
        return Invalid(
            "column_missing",
            _("No column of the file is mapped to: %(words)s. The closest is '%(closest)s': map it if it is meant."),
            closest=by_plain[close],
            **about,
        )
    return Invalid(
        "column_missing",
        _("No column of the file is mapped to: %(words)s. The file has: %(header)s."),
        header=list(header[:30]),
        **about,
    )
