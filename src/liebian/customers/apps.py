from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "liebian.customers"
    label = "customers"
