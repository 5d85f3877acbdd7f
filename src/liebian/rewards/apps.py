from django.apps import AppConfig


class RewardsConfig(AppConfig):
    name = "liebian.rewards"
    label = "rewards"
