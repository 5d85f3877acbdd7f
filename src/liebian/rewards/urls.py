from django.urls import path

from liebian.rewards import views

app_name = "rewards"
urlpatterns = [
    path("rewards", views.reward_list, name="list"),
    path("rewards/act", views.act, name="act"),
    path("rewards/reviews", views.review_list, name="reviews"),
    path("rewards/reviews/policy", views.policy, name="policy"),
    path("rewards/reviews/<int:review_id>", views.review_page, name="review"),
    path("rewards/reviews/<int:review_id>/decide", views.decide, name="decide"),
    path("rewards/<int:reward_id>", views.reward_page, name="reward"),
    path("customers/<int:customer_id>/rewards-panel", views.customer_panel, name="customer_panel"),
    path("ledger/budgets/<int:budget_id>/fund", views.fund, name="fund_budget"),
]
