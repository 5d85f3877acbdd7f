"""The installation's own keys: made on first start, kept in one file that only its owner may read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Keys:
    django: str
    index: bytes
    data: dict[int, bytes]

    @property
    def data_version(self) -> int:
        return max(self.data)


def load_keys(home: Path) -> Keys:
    """Read `home/keys.json`, making it on first use. Two processes that start together get the same file."""
    path = home / "keys.json"
    home.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _create(path)
    raw = json.loads(path.read_text())
    data = {int(version): base64.b64decode(key) for version, key in raw["data"].items()}
    return Keys(django=raw["django"], index=base64.b64decode(raw["index"]), data=data)


def _create(path: Path) -> None:
    fresh = {
        "django": secrets.token_urlsafe(48),
        "index": base64.b64encode(secrets.token_bytes(32)).decode(),
        "data": {"1": base64.b64encode(secrets.token_bytes(32)).decode()},
    }
    own = path.with_suffix(f".{os.getpid()}")
    own.touch(mode=0o600)
    own.write_text(json.dumps(fresh))
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    finally:
        own.unlink()
