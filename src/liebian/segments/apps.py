from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "liebian.segments"
    label = "segments"
