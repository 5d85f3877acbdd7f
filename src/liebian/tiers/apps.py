from django.apps import AppConfig


class TiersConfig(AppConfig):
    name = "liebian.tiers"
    label = "tiers"
