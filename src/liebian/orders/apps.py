from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "liebian.orders"
    label = "orders"
