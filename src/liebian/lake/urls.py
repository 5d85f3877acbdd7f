"""Addresses of `lake`."""

from django.urls import path

from liebian.lake import views

app_name = "lake"
urlpatterns = [
    path("lake", views.table_list, name="tables"),
    path("lake/<slug:name>", views.table_page, name="table"),
]
