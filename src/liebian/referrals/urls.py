"""Addresses of referrals. The public ones are short, because people read them aloud."""

from django.urls import path

from liebian.referrals import views

app_name = "referrals"
urlpatterns = [
    path("referrals", views.programme_list, name="list"),
    path("referrals/new", views.new, name="new"),
    path("referrals/<int:programme_id>", views.detail, name="detail"),
    path("referrals/<int:programme_id>/edit/<slug:step>", views.edit, name="edit"),
    path("referrals/<int:programme_id>/publish", views.publish, name="publish"),
    path("referrals/<int:programme_id>/status", views.status, name="status"),
    path("referrals/<int:programme_id>/people", views.people, name="people"),
    path("referrals/<int:programme_id>/why", views.why, name="why"),
    path("customers/<int:customer_id>/referrals-panel", views.customer_panel, name="customer-panel"),
    path("r/<str:code>", views.landing, name="landing"),
    path("r/<str:code>/welcome", views.welcome, name="welcome"),
    path("r/<str:code>/qr.svg", views.qr, name="qr"),
    path("p/<str:token>", views.inviter_page, name="inviter"),
    path("p/<str:token>/share", views.share, name="share"),
]
