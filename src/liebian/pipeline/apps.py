from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "liebian.pipeline"
    label = "pipeline"
