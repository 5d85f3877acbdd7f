from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    name = "liebian.payouts"
    label = "payouts"
