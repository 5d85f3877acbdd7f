"""Addresses of `tiers`."""

from django.urls import path

from liebian.tiers import views

app_name = "tiers"
urlpatterns = [
    path("tiers", views.tier_list, name="list"),
    path("tiers/<int:model_id>", views.tier_page, name="detail"),
    path("tiers/<int:model_id>/preview", views.tier_preview, name="preview"),
    path("tiers/<int:model_id>/people", views.tier_people, name="people"),
]
