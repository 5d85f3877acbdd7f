from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "liebian.access"
    label = "access"
