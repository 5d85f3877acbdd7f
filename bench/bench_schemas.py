"""What a check of one message costs: nothing registered, ten flat fields, ten fields with one cast; beside it the decoding
of the same message, which is the limit. Run: `python bench/bench_schemas.py`.
"""

from __future__ import annotations

import timeit

import msgspec

from liebian.events.checking.compiled import CompiledSchema
from liebian.events.checking.types import FieldRule

KINDS = ["string", "string", "string", "number", "number", "integer", "boolean", "string", "list", "object"]
VALUES = ["A-1", "web", "CNY", 128.5, 12, 3, True, "Hangzhou", [1, 2], {"a": 1}]
ROUNDS = 100_000


def main() -> None:
    rules = [FieldRule(f"field_{i}", kind, required=i < 5) for i, kind in enumerate(KINDS)]
    schema = CompiledSchema("track", rules, corrects=True, other_fields=True)
    properties = {f"field_{i}": value for i, value in enumerate(VALUES)}
    message = {"type": "track", "event": "Order Completed", "userId": "u-1", "properties": properties}
    cast = {**message, "properties": {**properties, "field_3": "128.5"}}
    encoded, decoder = msgspec.json.encode(message), msgspec.json.Decoder()
    decode = _micros(lambda: decoder.decode(encoded))
    print(f"decoding the message      {decode:6.2f} µs")
    for label, sent in (("ten fields that fit", message), ("one of them is cast", cast)):
        took = _micros(lambda sent=sent: schema.check(sent))
        print(f"{label:<25} {took:6.2f} µs   {took / decode:5.2f} × decoding")


def _micros(act: object) -> float:
    return min(timeit.repeat(act, number=ROUNDS, repeat=3)) / ROUNDS * 1e6  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
