from django.urls import path

from liebian.rewards import api, views

app_name = "rewards"
urlpatterns = [
    path("v1/coupons/openapi.json", api.openapi, name="coupons-openapi"),
    path("v1/coupons/validate", api.validate, name="coupons-validate"),
    path("v1/coupons/reserve", api.reserve, name="coupons-reserve"),
    path("v1/coupons/redeem", api.redeem, name="coupons-redeem"),
    path("v1/coupons/rollback", api.rollback, name="coupons-rollback"),
    path("rewards", views.reward_list, name="list"),
    path("rewards/act", views.act, name="act"),
    path("rewards/coupons", views.coupon_list, name="coupons"),
    path("rewards/coupons/new", views.coupon_new, name="coupon-new"),
    path("rewards/coupons/code", views.coupon_code, name="coupon-code"),
    path("rewards/coupons/shops", views.shop_key_new, name="shop-key-new"),
    path("rewards/coupons/shops/<int:key_id>", views.shop_key_switch, name="shop-key-switch"),
    path("rewards/coupons/pools", views.pool_new, name="pool-new"),
    path("rewards/coupons/pools/<int:pool_id>", views.pool_page, name="pool"),
    path("rewards/coupons/pools/<int:pool_id>/generate", views.pool_generate, name="pool-generate"),
    path("rewards/coupons/pools/<int:pool_id>/import", views.pool_import, name="pool-import"),
    path("rewards/coupons/pools/<int:pool_id>/retail", views.pool_retail, name="pool-retail"),
    path("rewards/coupons/pools/<int:pool_id>/unused", views.pool_unused, name="pool-unused"),
    path("rewards/reviews", views.review_list, name="reviews"),
    path("rewards/reviews/policy", views.policy, name="policy"),
    path("rewards/reviews/<int:review_id>", views.review_page, name="review"),
    path("rewards/reviews/<int:review_id>/decide", views.decide, name="decide"),
    path("rewards/reconciliation", views.reconciliation, name="reconciliation"),
    path("rewards/reconciliation/run", views.reconcile_now, name="reconcile-now"),
    path("rewards/reconciliation/<int:alarm_id>/explain", views.explain, name="explain"),
    path("rewards/<int:reward_id>", views.reward_page, name="reward"),
    path("customers/<int:customer_id>/rewards-panel", views.customer_panel, name="customer_panel"),
    path("ledger/budgets/<int:budget_id>/fund", views.fund, name="fund_budget"),
]
