"""Every address of the installation."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from liebian.config.health import healthz

_APPS = [
    "access",
    "lake",
    "events",
    "customers",
    "orders",
    "ledger",
    "tiers",
    "segments",
    "rewards",
    "payouts",
    "referrals",
    "pipeline",
    "insights",
]


def _mounted() -> list[URLPattern | URLResolver]:
    """Contexts are mounted at the root; each names its own prefix, so that its urls.py reads as what people type."""
    return [path("", include(f"liebian.{name}.urls")) for name in _APPS if (settings.SRC / name / "urls.py").exists()]


urlpatterns = [path("healthz", healthz, name="healthz"), *_mounted()]
