"""Every address of the installation."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

_APPS = ["access", "ui", "events", "customers", "orders", "tiers", "segments", "referrals", "rewards", "ledger", "insights"]


def _mounted() -> list[URLPattern | URLResolver]:
    """Contexts are mounted at the root; each names its own prefix, so that its urls.py reads as what people type."""
    return [path("", include(f"liebian.{name}.urls")) for name in _APPS if (settings.SRC / name / "urls.py").exists()]


urlpatterns = _mounted()
