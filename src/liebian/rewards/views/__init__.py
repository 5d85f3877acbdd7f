"""Pages of rewards: the panel on a customer's page, and putting money into a budget."""

from liebian.rewards.views.budgets import fund
from liebian.rewards.views.panel import customer_panel

__all__ = ["customer_panel", "fund"]
