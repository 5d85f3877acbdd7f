from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "liebian.referrals"
    label = "referrals"
