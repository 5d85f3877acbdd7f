"""Requests that no honest client sends, each from a seed: mutated values, bytes, packing, headers, dates and orders."""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KINDS = ("identify", "track", "page", "screen", "group", "alias")
SURROGATE = '"\\ud800"'
# Fragments of JSON text as they stand, also those that no encoder writes.
NASTY = [
    "null", "true", "false", "0", "-0", "-1", "1.5", "1e308", "1e309", "-1e999", "1e-999", "NaN", "Infinity", "-Infinity",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1" * 400, "0." + "3" * 400, "1e400", "01", "+1", ".5",
    '""', '" "', '"\\u0000"', '"a\\u0000b"', SURROGATE, '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\ufffe\\uffff"', '"\\u202e\\u200b"',
    '"' + "x" * 201 + '"', '"' + "茶" * 300 + '"', '"' + "x" * 33_000 + '"', '"true"', '"NaN"', '"-1e999"', '"1_000"', '"١٢٣"', '"²"',
    '"0x10"', '"%(x)s %s {0}"', '"\' OR 1=1; --"', '"<script>"', '"\\\\\\n\\r\\t\\b\\f"',
    "[]", "{}", "[[]]", "[null]", "[1,\"a\",{}]", '{"a":null}', '{"":""}', '{"a":1,"a":2}', '{"phone":{"a":[1]}}', '{"__proto__":{}}',
    "[" * 19 + "]" * 19, "[" * 30 + "]" * 30, '{"a":' * 25 + "1" + "}" * 25, "[" * 3000 + "]" * 3000, '{"a":' * 3000,
    "[" + ",".join(["1"] * 3000) + "]",
]  # fmt: skip
DATES = [
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01", "1969-12-31T23:59:59.999999Z", "1990-01-01T00:00:00+00:01",
    "1989-12-31T23:59:59Z", "1990-01-01", "2000-02-29T12:00:00Z", "2001-02-29T12:00:00Z", "2026-13-01", "2026-06-31T00:00:00Z",
    "2026-03-29T02:30:00+01:00", "2026-06-01T24:00:00Z", "2026-06-01T23:59:60Z", "2026-06-01 08:00", "20260601T080000Z", "2026-W23-1",
    "2026-06-01T08:00:00.1234567890123Z", "2026-06-01T08:00:00+23:59", "2026-06-01T08:00:00-23:59", "2026-06-01T08:00:00+24:00",
    "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00", "10000-01-01T00:00:00Z", "-0001-01-01", "now", "1764547200", "Z", "T",
]  # fmt: skip
FIELDS = ("type", "userId", "anonymousId", "messageId", "event", "name", "category", "traits", "properties", "context", "timestamp",
          "originalTimestamp", "sentAt", "previousId", "groupId", "integrations", "writeKey", "customerId", "receivedAt")  # fmt: skip
ORDER_FIELDS = ("order_id", "total", "revenue", "value", "subtotal", "discount", "shipping", "tax", "currency", "products", "refund_id",
                "coupon", "coupons", "channel", "checkout_id", "code", "consent", "programme_id", "product_id", "price")  # fmt: skip
ORDER_EVENTS = ("Order Completed", "Order Updated", "Order Refunded", "Order Cancelled", "Product Viewed", "Product Added",
                "Referral Signed Up", "Referral Link Opened", "Coupon Redeemed")  # fmt: skip
TRAITS = (
    "phone",
    "email",
    "name",
    "city",
    "birthday",
    "channel",
    "gender",
    "referred_by",
    "address",
    "openid",
    "group",
    "occupation",
)
HEADERS: dict[str, list[str]] = {
    "content_type": ["", "application/json; charset=utf-8", "APPLICATION/JSON", "text/html", "multipart/form-data", "\xe9", "," * 999, "a/b;"],
    "content_length": ["0", "-1", "1e9", "99999999999999999999999999", "\xb2", "\xb3\xb9", " 5", "0x10", "", "abc", "9" * 5000],
    "content_encoding": ["gzip", "GZIP ", "gzip, gzip", "br", "deflate", "identity", "\xff", "x" * 5000],
    "authorization": ["", "Basic", "Basic ", "Basic \xff", "Basic ====", "Bearer x", "Basic " + "QQ==" * 999, "Basic Og==", "basic AAAA",
                      "Basic " + base64.b64encode("键\x00:".encode()).decode(), "Basic " + base64.b64encode(b"\xff\xfe:").decode()],
    "origin": ["null", "https://evil.example", "\xe9\xff", "x" * 9000, "\x00", "https://a\r\nx: y"],
}  # fmt: skip


@dataclass
class Request:
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"

    def shown(self) -> str:
        return f"{self.method} {self.path} {self.headers} {self.body[:300]!r} ({len(self.body)} bytes)"


class Fuzzer:
    """`request()` gives one after another; the same seed gives the same."""

    def __init__(self, seed: int, write_key: str) -> None:
        self.chance = random.Random(seed)
        self.basic = "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()
        self.write_key = write_key
        self.number = 0
        self.fragments: list[str] = []
        self.mutations: list[Callable[[], Request]] = [
            self.wrong_field, self.wrong_field, self.wrong_inside, self.wrong_order, self.wrong_order, self.wrong_date, self.wrong_date,
            self.wrong_bytes, self.wrong_gzip, self.wrong_headers, self.repeated_key, self.wrong_trait, self.wrong_batch,
        ]  # fmt: skip

    def request(self) -> Request:
        self.number += 1
        if self.number % 500 == 0:
            return self._single(self.message(properties={"text": "x" * 10_000_000}))
        return self.chance.choice(self.mutations)()

    # --- what it begins with ---------------------------------------------------------------------------------------------
    def message(self, **more: Any) -> dict[str, Any]:
        kind = self.chance.choice(KINDS)
        message: dict[str, Any] = {
            "type": kind, "messageId": f"f{self.number}", "timestamp": f"2026-0{self.chance.randint(1, 9)}-1{self.chance.randint(0, 9)}T08:00:00Z",
            "context": {"ip": "10.0.0.1", "library": {"name": "fuzz"}, "campaign": {"source": "mail"}},
        }  # fmt: skip
        who = self.chance.randint(0, 9)
        if who % 3:
            message["userId"] = f"u{who}"
        if not who % 2 or "userId" not in message:
            message["anonymousId"] = f"a{who}"
        match kind:
            case "track":
                message |= {"event": self.chance.choice(ORDER_EVENTS), "properties": self.order()}
            case "identify" | "group":
                message |= {"traits": {"phone": f"1380013800{who}", "city": "杭州", "vip": True}, "groupId": "g"}
            case "alias":
                message["previousId"] = f"a{self.chance.randint(0, 9)}"
            case _:
                message |= {"name": "Tea", "category": "Shop", "properties": {"url": "https://shop.example/"}}
        return message | more

    def order(self) -> dict[str, Any]:
        line = {"product_id": "p1", "name": "龙井", "price": 12.5, "quantity": 2}
        return {"order_id": f"o{self.chance.randint(0, 40)}", "total": self.chance.randint(0, 9999) / 100, "currency": "CNY",
                "refund_id": f"r{self.chance.randint(0, 3)}", "products": [line], "coupon": "AB-1"}  # fmt: skip

    # --- what it does to it ----------------------------------------------------------------------------------------------
    def nasty(self) -> str:
        """A place holder, which `text` replaces by a fragment of JSON text."""
        self.fragments.append(self.chance.choice([*NASTY, *(json.dumps(date) for date in DATES[:6])]))
        return f"\u241a{len(self.fragments) - 1}\u241a"

    def text(self, value: Any) -> bytes:
        text = json.dumps(value, ensure_ascii=False)
        for number, fragment in enumerate(self.fragments):
            text = text.replace(f'"\u241a{number}\u241a"', fragment)
        self.fragments.clear()
        return text.encode("utf-8", "surrogatepass")

    def wrong_field(self) -> Request:
        message = self.message()
        for _ in range(self.chance.choice([1, 1, 1, 2, 5])):
            message[self.chance.choice(FIELDS)] = self.nasty()
        return self._send(message)

    def wrong_inside(self) -> Request:
        message = self.message()
        parents = [value for value in message.values() if isinstance(value, dict)]
        inside = [value for parent in parents for value in parent.values() if isinstance(value, dict)]
        self.chance.choice([*parents, *inside])[self.chance.choice([*TRAITS, *ORDER_FIELDS, "ip", "traits", "x"])] = (
            self.nasty()
        )
        return self._send(message)

    def wrong_order(self) -> Request:
        properties = self.order()
        for _ in range(self.chance.randint(1, 3)):
            properties[self.chance.choice(ORDER_FIELDS)] = self.nasty()
        if self.chance.random() < 0.4:
            properties["products"] = [
                {"product_id": "p2", self.chance.choice(["price", "quantity", "name", "sku", "category"]): self.nasty()}
            ]
        return self._send(self.message(type="track", event=self.chance.choice(ORDER_EVENTS), properties=properties))

    def wrong_trait(self) -> Request:
        traits: dict[str, Any] = {self.chance.choice(TRAITS): self.nasty() for _ in range(3)}
        traits["phone"] = self.chance.choice(
            ["13800138000", 13800138000, "+86 138-0013-8000", "a@b.cn", traits.get("city", "")]
        )
        where = self.chance.choice([{"traits": traits}, {"context": {"traits": traits, "campaign": self.nasty()}}])
        return self._send(self.message(type=self.chance.choice(["identify", "group", "identify"]), **where))

    def wrong_date(self) -> Request:
        dates = {
            name: self.date() for name in ("timestamp", "originalTimestamp", "sentAt") if self.chance.random() < 0.6
        }
        return self._send(self.message(**dates))

    def date(self) -> Any:
        if self.chance.random() < 0.5:
            return self.chance.choice([*DATES, 10**30, 0, -1, 1764547200000, 1.5, [], {}, True])
        chance = self.chance
        return (f"{chance.randint(1, 9999):04}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T{chance.randint(0, 23):02}:"
                f"{chance.randint(0, 59):02}:00.{chance.randint(0, 999999):06}{chance.choice(['Z', '+08:00', '-14:00', '', '+00:00:30'])}")  # fmt: skip

    def wrong_bytes(self) -> Request:
        request = self._send(self.message())
        data = bytearray(request.body)
        for _ in range(self.chance.randint(1, 6)):
            at = self.chance.randrange(len(data) + 1)
            match self.chance.randint(0, 3):
                case 0:
                    data[at : at + 1] = bytes([self.chance.randrange(256)])
                case 1:
                    del data[at : at + self.chance.randint(1, 20)]
                case 2:
                    data[at:at] = self.chance.choice(
                        [b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b"\x00", b"\xef\xbb\xbf", b"\\u0000", b'"', b"}"]
                    )
                case 3:
                    data = data[:at]
        request.body = bytes(data)
        return request

    def wrong_gzip(self) -> Request:
        request = self._send(self.message())
        packed = gzip.compress(request.body)
        at = self.chance.randrange(len(packed))
        request.body = self.chance.choice([
            packed[:at], packed[:at] + b"\x00" + packed[at + 1:], packed + b"rest", packed + packed, packed[::-1], b"", b"\x1f\x8b",
            gzip.compress(b" " * 2_000_000), gzip.compress(packed), request.body,
        ])  # fmt: skip
        request.headers["content_encoding"] = self.chance.choice(["gzip", "gzip", "GZIP", "identity", "gzip "])
        return request

    def wrong_headers(self) -> Request:
        request = self._send(self.message())
        for _ in range(self.chance.randint(1, 3)):
            name = self.chance.choice(list(HEADERS))
            request.headers[name] = self.chance.choice(HEADERS[name])
        request.method = self.chance.choice(
            ["POST"] * 8 + ["GET", "PUT", "HEAD", "OPTIONS", "DELETE", "TRACE", "\u00e9"]
        )
        return request

    def repeated_key(self) -> Request:
        request = self._single(self.message())
        name = self.chance.choice(FIELDS)
        extra = ",".join(f'"{name}":{self.chance.choice(NASTY)}' for _ in range(2))
        request.body = request.body[:-1] + b"," + extra.encode() + b"}"
        return request

    def wrong_batch(self) -> Request:
        messages: list[Any] = [self.message(messageId=f"f{self.number}-{n}") for n in range(self.chance.randint(0, 12))]
        messages += [self.nasty() for _ in range(self.chance.randint(0, 3))]
        self.chance.shuffle(messages)
        body: dict[str, Any] = {"batch": messages if self.chance.random() < 0.9 else self.nasty()}
        body[self.chance.choice(["sentAt", "context", "integrations", "writeKey", "x"])] = self.nasty()
        return Request("/v1/batch", self.text(body), {"authorization": self.basic})

    # --- how it is sent --------------------------------------------------------------------------------------------------
    def _send(self, message: dict[str, Any]) -> Request:
        if self.chance.random() < 0.4:
            return Request("/v1/batch", self.text({"batch": [message]}), {"authorization": self.basic})
        return self._single(message)

    def _single(self, message: dict[str, Any]) -> Request:
        kind = message.get("type")
        path = f"/v1/{kind if kind in KINDS else self.chance.choice(KINDS)}"
        if self.chance.random() < 0.1:
            return Request(path + "/", self.text({**message, "writeKey": self.write_key}))
        return Request(path, self.text(message), {"authorization": self.basic})
