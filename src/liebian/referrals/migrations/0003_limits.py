"""The cap on one inviter becomes one limit among others, with what was given so far."""

from collections import Counter

from django.db import migrations, models
from django.db.models import F
from django.utils import timezone

ASSET = "LIMIT:REWARDS/0"
CODE = "person.ever.count"
ENDED = ("refused", "rejected", "cancelled", "returned", "clawed_back")  # counted for no cap
WAITING = ("pending", "held", "approved", "issuing", "awaiting_recipient", "issued", "redeemed")


def carry_caps(apps, schema_editor):
    for row in apps.get_model("referrals", "Programme").objects.all():
        draft = dict(row.draft)
        if "person_cap" in draft:
            draft["limits"] = _limits(draft.pop("person_cap"))
        row.draft, row.limits = draft, _limits(row.person_cap) if row.status != "draft" else []
        row.save(update_fields=["draft", "limits"])
        if row.limits:
            _carry_used(apps, row)


def _limits(cap):
    limit = {"scope": "person", "period": "ever", "measure": "count", "amount": int(cap or 0), "on_excess": "refuse"}
    return [limit] if cap else []


def _carry_used(apps, programme):
    """One entry a person: what is left and what was used, as if every reward had drawn from the limit."""
    rewards = apps.get_model("rewards", "Reward").objects.filter(programme_id=programme.pk, role="referrer")
    used = Counter()
    for person, state in rewards.values_list("customer_id", "state"):
        used[person] += state not in ENDED
    for person, count in sorted(used.items()):
        _post(apps, f"{programme.pk}.{CODE}:{person}:", max(programme.person_cap, count), count)
    for reward in rewards.filter(state__in=WAITING):
        key = f"{programme.pk}.{CODE}:{reward.customer_id}:"
        reward.trace = {**reward.trace, "limits": [_told(programme, reward.customer_id, key, used[reward.customer_id])]}
        reward.save(update_fields=["trace"])


def _told(programme, person, key, used):
    return {
        "limit": CODE, "subject": f"person:{person}", "period": "ever", "start": "", "amount": programme.person_cap,
        "left": max(programme.person_cap - used, 0), "measure": "count", "key": key, "asset": ASSET, "reason": "person_cap",
        "frees_taken_back": True,
    }  # fmt: skip


def _post(apps, key, whole, used):
    legs = {("world", f"world:{ASSET}"): -whole, ("allowance", f"allowance:{key}"): whole - used, ("allowance_used", f"allowance_used:{key}"): used}
    now = timezone.now()
    entry = apps.get_model("ledger", "Entry").objects.create(
        idempotency_key=f"limit:{key}:carried", body_hash="", kind="limit_set", subject=f"limit:{key}", effective_at=now, inserted_at=now
    )
    for (kind, code), amount in legs.items():
        accounts = apps.get_model("ledger", "Account").objects
        account, _made = accounts.get_or_create(
            code=code, defaults={"kind": kind, "asset": ASSET, "book": "limits", "opened_at": now}
        )
        if amount:
            accounts.filter(pk=account.pk).update(balance=F("balance") + amount)
            apps.get_model("ledger", "Posting").objects.create(entry=entry, account=account, amount=amount)


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0002_sign_up_window"),
        ("rewards", "0031_points"),
        ("ledger", "0005_hold_once"),
    ]

    operations = [
        migrations.AddField("programme", "limits", models.JSONField(default=list)),
        migrations.RunPython(carry_caps, migrations.RunPython.noop),
    ]
