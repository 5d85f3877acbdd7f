from django.urls import path

from liebian.insights import views

app_name = "insights"
urlpatterns = [
    path("", views.root, name="root"),
    path("home", views.home, name="home"),
    path("search", views.search, name="search"),
]
