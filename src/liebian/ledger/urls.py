from django.urls import path

from liebian.ledger import views

app_name = "ledger"
urlpatterns = [
    path("ledger", views.home, name="home"),
    path("ledger/proofs", views.proofs, name="proofs"),
    path("ledger/proofs/full", views.full_proof, name="full-proof"),
    path("ledger/entries/<int:entry_id>", views.entry_page, name="entry"),
    path("ledger/accounts/<path:code>", views.account_page, name="account"),
]
