"""Personal data at rest: sealed with AES-256-GCM under a versioned key, found again by keyed hash.

What was erased is replaced by `erased`: a text from which `index_of` gives the index of what stood there, and nothing else.

Keys come from the key file of the installation (see config.secrets). The index key is not the sealing key, so an index
row cannot be opened and a sealed row cannot be searched.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from liebian.core.erased import PREFIX, hashes_in

_NONCE = 12


@lru_cache(maxsize=8)
def _cipher(version: int) -> AESGCM:
    return AESGCM(settings.DATA_KEYS[version])


def seal(value: object, *, context: str) -> bytes:
    """Encrypt any JSON value. `context` (for example "customer.name") is authenticated: a blob cannot be moved."""
    version = settings.DATA_KEY_VERSION
    nonce = os.urandom(_NONCE)
    return bytes([version]) + nonce + _cipher(version).encrypt(nonce, msgspec.json.encode(value), context.encode())


def unseal(blob: bytes | memoryview, *, context: str) -> object:
    data = bytes(blob)
    cipher = _cipher(data[0])
    return msgspec.json.decode(cipher.decrypt(data[1 : 1 + _NONCE], data[1 + _NONCE :], context.encode()))


def index_of(kind: str, value: str) -> bytes:
    """Keyed hash (16 bytes) of a normalised value, for exact search."""
    return indexer()(kind, value)


def indexer() -> Callable[[str, str], bytes]:
    """`index_of` for many values: the key is looked up once."""
    key = settings.INDEX_KEY

    def index(kind: str, value: str) -> bytes:
        if PREFIX in value and (kept := hashes_in(value).get(kind)):
            return bytes.fromhex(kept)
        return hmac.digest(key, f"{kind}\x1f{value}".encode(), "sha256")[:16]

    return index


def erased(said: Mapping[str, str]) -> str:
    """What stays of a value that is erased: the index of each of its normal forms, by kind."""
    return PREFIX + ";".join(f"{kind}={index_of(kind, value).hex()}" for kind, value in said.items())
