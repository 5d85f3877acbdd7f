"""Addresses of `segments`."""

from django.urls import path

from liebian.segments import views

app_name = "segments"
urlpatterns = [
    path("segments", views.segment_list, name="list"),
    path("segments/new", views.segment_new, name="new"),
    path("segments/preview", views.segment_preview, name="preview"),
    path("segments/<int:segment_id>", views.segment_page, name="detail"),
    path("segments/<int:segment_id>/members", views.segment_members, name="members"),
    path("segments/<int:segment_id>/archive", views.segment_archive, name="archive"),
    path("customers/<int:customer_id>/segments-panel", views.customer_panel, name="customer-panel"),
]
