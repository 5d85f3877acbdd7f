from django.urls import path

from liebian.rewards import views

app_name = "rewards"
urlpatterns = [
    path("customers/<int:customer_id>/rewards-panel", views.customer_panel, name="customer_panel"),
    path("ledger/budgets/<int:budget_id>/fund", views.fund, name="fund_budget"),
]
