"""Pages of tiers."""

from liebian.tiers.views.detail import tier_page, tier_preview
from liebian.tiers.views.overview import tier_list
from liebian.tiers.views.people import tier_people

__all__ = ["tier_list", "tier_page", "tier_people", "tier_preview"]
