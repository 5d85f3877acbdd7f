"""No routes: the shell must render even where an app is not mounted."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
