from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "liebian.events"
    label = "events"
