"""Pages of rewards: the list, one reward, what people decide, the panel on a customer's page, money for a budget."""

from liebian.rewards.views.budgets import fund
from liebian.rewards.views.panel import customer_panel
from liebian.rewards.views.reviews import decide, policy, review_list, review_page
from liebian.rewards.views.rewards import act, reward_list, reward_page

__all__ = [
    "act",
    "customer_panel",
    "decide",
    "fund",
    "policy",
    "review_list",
    "review_page",
    "reward_list",
    "reward_page",
]
