"""segment-analytics-python as it comes from PyPI: says what it reads from its input, a line of JSON for each call."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from segment.analytics import Client


def say(client: Client, event: dict[str, Any]) -> None:
    who = {"user_id": event["user"]} if "user" in event else {"anonymous_id": event["device"]}
    common = {"timestamp": datetime.fromisoformat(event["at"]), "context": {"n": event["n"]}}
    match event["call"]:
        case "identify":
            client.identify(**who, **common, traits=event["said"])
        case "page":
            client.page(**who, **common, name="Tea")
        case "alias":
            client.alias(previous_id=event["device"], user_id=event["user"], **common)
        case "track":
            client.track(**who, **common, event=event["event"], properties=event["said"])


def main() -> None:
    errors: list[str] = []
    client = Client(
        sys.argv[2], host=sys.argv[1], gzip=True, upload_size=50, upload_interval=0.2, max_queue_size=1_000_000, max_retries=1000,
        on_error=lambda error, batch: errors.append(str(error)),
    )  # fmt: skip
    for line in sys.stdin:
        if line.strip() == "flush":
            client.flush()
            print("flushed", flush=True)
        else:
            say(client, json.loads(line))
    client.shutdown()
    print(json.dumps(errors), flush=True)


if __name__ == "__main__":
    main()
