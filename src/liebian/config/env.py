"""What the environment may set: name, default, help. The reference page and `liebian doctor` are made from this list."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    help: str

    @property
    def value(self) -> str:
        return os.environ.get(self.name) or self.default


HOME = Setting("LIEBIAN_HOME", "var", "Folder that holds the databases, the lake, uploads and keys.")
DATABASE_URL = Setting(
    "DATABASE_URL", "", "postgresql://user@host:5432/name; empty means SQLite files in LIEBIAN_HOME."
)
HOST = Setting("HOST", "127.0.0.1", "Address that the web server listens on.")
PORT = Setting("PORT", "8000", "Port that the web server listens on.")
DEBUG = Setting("LIEBIAN_DEBUG", "", "1 shows Django's error pages. Never on a public machine.")
ALLOWED_HOSTS = Setting(
    "LIEBIAN_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", "Comma-separated host names to answer for."
)
TIME_ZONE = Setting(
    "LIEBIAN_TIME_ZONE", "Asia/Shanghai", "The organisation's time zone: business days and displayed times."
)
SECURE = Setting("LIEBIAN_HTTPS", "", "1 marks cookies as https only; set it behind a TLS proxy.")
PAGE_THREADS = Setting(
    "LIEBIAN_PAGE_THREADS", "4", "Threads that answer pages in each web process; `serve --threads` sets it."
)
LAKE_URL = Setting(
    "LIEBIAN_LAKE_URL",
    "",
    "Folder or address (s3://bucket/path) of the lake; empty means `lake` in LIEBIAN_HOME. Credentials and endpoint "
    "come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL, AWS_ALLOW_HTTP.",
)
SHARDS = Setting(
    "LIEBIAN_SHARDS",
    "1",
    "Shards into which customers are split for their memberships on PostgreSQL. Give web and worker the same number, that of "
    "the processes of `liebian worker --workers`; more only cost.",
)
ANSWER_DAYS = Setting(
    "LIEBIAN_ANSWER_DAYS", "90", "Days for which a checkout that repeats a request is told what it was told before."
)
LOG_DAYS = Setting(
    "LIEBIAN_LOG_DAYS",
    "30",
    "Days for which events stay in the database, once the lake has them, and messages of the quarantine after they were repaired or "
    "dismissed; 0 keeps none. The keys by which repeats are known stay for good.",
)
ERASED_FILES_HOURS = Setting(
    "LIEBIAN_ERASED_FILES_HOURS",
    "1",
    "Whole hours for which files of the lake stay that an erasure replaced; 0 deletes them at once. After that nobody can read the "
    "versions before it of the tables `events` and `customers`, nor end a query that began with them.",
)

ALL = [
    HOME,
    DATABASE_URL,
    HOST,
    PORT,
    DEBUG,
    ALLOWED_HOSTS,
    TIME_ZONE,
    SECURE,
    PAGE_THREADS,
    LAKE_URL,
    SHARDS,
    ANSWER_DAYS,
    LOG_DAYS,
    ERASED_FILES_HOURS,
]
