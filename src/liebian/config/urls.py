"""Every address of the installation."""

from django.urls import URLPattern, URLResolver, include, path

_APPS = ["access", "ui", "events", "customers", "tiers", "segments", "referrals", "ledger", "insights"]


def _mounted() -> list[URLPattern | URLResolver]:
    """Contexts are mounted at the root; each names its own prefix, so that its urls.py reads as what people type."""
    from importlib.util import find_spec

    return [path("", include(f"liebian.{name}.urls")) for name in _APPS if find_spec(f"liebian.{name}.urls")]


urlpatterns = _mounted()
