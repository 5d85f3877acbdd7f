from django.apps import AppConfig


class LakeConfig(AppConfig):
    name = "liebian.lake"
    label = "lake"
