from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "liebian.insights"
    label = "insights"
