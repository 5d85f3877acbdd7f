from django.urls import path

from liebian.access import views

app_name = "access"
urlpatterns = [
    path("login", views.sign_in, name="login"),
    path("logout", views.sign_out, name="logout"),
    path("language", views.language, name="language"),
    path("profile", views.profile, name="profile"),
    path("profile/details", views.profile_details, name="profile_details"),
    path("profile/password", views.profile_password, name="profile_password"),
    path("settings", views.settings_home, name="settings"),
    path("settings/organisation", views.organisation, name="organisation"),
    path("settings/roles", views.roles, name="roles"),
    path("settings/users/new", views.user_add, name="user_add"),
    path("settings/users/<int:user_id>", views.user_page, name="user"),
    path("settings/users/<int:user_id>/role", views.user_role, name="user_role"),
    path("settings/users/<int:user_id>/access", views.user_access, name="user_access"),
    path("settings/users/<int:user_id>/password", views.user_password, name="user_password"),
    path("settings/audit", views.audit, name="audit"),
    path("ui/", views.gallery, name="gallery"),
]
