from django.urls import path

from liebian.payouts import api, views

app_name = "payouts"
urlpatterns = [
    path("payouts", views.batch_list, name="batches"),
    path("payouts/waiting", views.waiting, name="waiting"),
    path("payouts/batches/<int:batch_id>", views.batch_page, name="batch"),
    path("payouts/batches/<int:batch_id>/decide", views.batch_decide, name="batch-decide"),
    path("payouts/batches/<int:batch_id>/file", views.batch_file, name="batch-file"),
    path("payouts/batches/<int:batch_id>/results", views.results, name="batch-results"),
    path("payouts/<int:payout_id>", views.payout_page, name="payout"),
    path("payouts/<int:payout_id>/result", views.payout_result, name="payout-result"),
    path("payouts/<int:payout_id>/give-up", views.payout_give_up, name="payout-give-up"),
    path("payouts/<int:payout_id>/call-back", views.payout_call_back, name="payout-call-back"),
    path("payouts/rewards/new", views.cash_new, name="cash-new"),
    path("payouts/accounts", views.account_list, name="accounts"),
    path("payouts/accounts/new", views.account_edit, name="account-new"),
    path("payouts/accounts/<int:account_id>", views.account_edit, name="account"),
    path("payouts/statements", views.statements, name="statements"),
    path("payouts/statements/new", views.statement_new, name="statement-new"),
    path("payouts/differences/<int:finding_id>", views.explain, name="explain"),
    path("payouts/differences/<int:finding_id>/record", views.record, name="record"),
    path("payouts/recordings/<int:recording_id>/decide", views.recording_decide, name="recording-decide"),
    path("payouts/taxes", views.taxes, name="taxes"),
    path("payouts/taxes.csv", views.taxes_file, name="taxes-file"),
    path("payouts/payees/file", views.payee_file, name="payee-file"),
    path("payouts/payees/<int:customer_id>", views.payee, name="payee"),
    path("payouts/payees/<int:customer_id>/forget", views.payee_forget, name="payee-forget"),
    path("customers/<int:customer_id>/payouts-panel", views.customer_panel, name="customer-panel"),
    path("rewards/<int:reward_id>/payouts-panel", views.reward_panel, name="reward-panel"),
    path("v1/payouts/openapi.json", api.openapi, name="openapi"),
    path("v1/payouts/waiting", api.waiting, name="api-waiting"),
    path("v1/payouts/payee", api.payee, name="api-payee"),
    path("v1/payouts/notices/<int:account_id>", views.notice, name="notice"),
]
