"""Registers templates, static files and translations of the visual language."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "liebian.ui"
    label = "ui"
