"""Addresses of `orders`: what it shows on a customer's page, order events that could not be taken, colliding numbers."""

from django.urls import path

from liebian.orders.views import collisions, panel, refused

app_name = "orders"
urlpatterns = [
    path("customers/<int:customer_id>/orders-panel", panel.customer_panel, name="customer-panel"),
    path("orders/refused", refused.refused_list, name="refused"),
    path("orders/refused/take", refused.refused_take, name="refused-take"),
    path("orders/refused/dismiss", refused.refused_dismiss, name="refused-dismiss"),
    path("orders/collisions", collisions.collision_list, name="collisions"),
    path("orders/collisions/dismiss", collisions.collision_dismiss, name="collisions-dismiss"),
]
