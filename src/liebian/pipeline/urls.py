from django.urls import path

from liebian.pipeline import views

app_name = "pipeline"
urlpatterns = [
    path("pipeline", views.home, name="home"),
    path("pipeline/units", views.units, name="units"),
    path("pipeline/units/<str:name>/pause", views.pause, name="pause"),
    path("pipeline/units/<str:name>/resume", views.resume, name="resume"),
    path("pipeline/units/<str:name>/replay", views.replay_stage, name="replay_stage"),
    path("pipeline/set-aside/<int:aside_id>/take", views.take, name="take"),
    path("pipeline/replay", views.replay, name="replay"),
]
