"""Code that sends a source's first event: for pages, mini-programmes and six languages with the libraries that exist.

Owns: the samples in `samples/`, which the documentation shows as they are, and how an address and a key are put into them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

FOLDER = Path(__file__).parent / "samples"
HOST, KEY = "https://liebian.example", "WRITE_KEY"
# What the page offers, in its order: the address's word, the name that people know, the samples.
PLACES: dict[str, tuple[str, tuple[str, ...]]] = {
    "web": ("", ("web", "web-click", "web-consent", "web-early")),
    "wechat": ("", ("wechat",)),
    "python": ("Python", ("python",)),
    "node": ("Node.js", ("node",)),
    "java": ("Java", ("java",)),
    "go": ("Go", ("go",)),
    "php": ("PHP", ("php",)),
    "ruby": ("Ruby", ("ruby",)),
    "curl": ("curl", ("curl",)),
}


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    code: str


def read_samples(place: str, *, host: str, key: str) -> list[Sample]:
    """The samples of a place with this address (scheme and host) and key in them. Raises KeyError for a place unknown."""
    return [Sample(name, fill(_read(name), host=host, key=key)) for name in PLACES[place][1]]


def fill(code: str, *, host: str, key: str) -> str:
    """Ruby's library takes host and port apart."""
    parts = urlsplit(host)
    code = code.replace("port: 443", f"port: {parts.port or 443}")
    code = code.replace("host: 'liebian.example'", f"host: '{parts.hostname}'")
    return code.replace(HOST, host).replace(urlsplit(HOST).netloc, parts.netloc).replace(KEY, key)


def _read(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")
