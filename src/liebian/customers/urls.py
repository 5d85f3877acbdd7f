"""Addresses of `customers`."""

from django.urls import path

from liebian.customers import views

app_name = "customers"
urlpatterns = [
    path("customers", views.customer_list, name="list"),
    path("customers/<int:customer_id>", views.customer_page, name="detail"),
    path("customers/<int:customer_id>/timeline", views.customer_timeline, name="timeline"),
    path("customers/<int:customer_id>/erase", views.erase, name="erase"),
    path("customers/<int:customer_id>/reveal/<slug:field>", views.reveal, name="reveal"),
]
