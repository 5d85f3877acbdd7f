from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "liebian.core"
    label = "core"
