"""Addresses of `orders`: what it shows on a customer's page."""

from django.urls import path

from liebian.orders import views

app_name = "orders"
urlpatterns = [
    path("customers/<int:customer_id>/orders-panel", views.customer_panel, name="customer-panel"),
]
