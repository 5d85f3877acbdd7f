"""What inviters, staff, the funnel and the log are told of a reward, in each of its states."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest
from django.test import Client

from liebian.access.tests.factories import make_user
from liebian.core import clock
from liebian.customers.words.timeline import _TRACKS
from liebian.events.models import Event
from liebian.referrals import queries, services
from liebian.referrals.tests.shop import T0, Shop
from liebian.referrals.types import ProgrammeView
from liebian.rewards import services as rewards
from liebian.rewards.models import Reward
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant
from liebian.rewards.tests.gift_shop import act, make_gift, promise, refund, restock, send
from liebian.rewards.types import MEANINGS, RewardState

pytestmark = pytest.mark.django_db(databases="__all__")
SAID = {
    "pending": ("We look at it before", "核对后", "waits for a person"),
    "held": ("comes on", "到账", "on its way"),
    "approved": ("comes on", "到账", "on its way"),
    "issuing": ("is on its way to you", "正在送达", "being delivered"),
    "awaiting_recipient": ("is on its way to you", "正在送达", "being delivered"),
    "issued": ("You have received", "你已得到", "paid for order"),
    "redeemed": ("You have received", "你已得到", "paid for order"),
    "expired": ("was not used before its last day", "到期前没有使用", "expired unused"),
    "refused": ("No reward", "没有奖励", "No reward for order"),
    "rejected": ("No reward", "没有奖励", "No reward for order"),
    "returned": ("Not delivered", "未送达", "not delivered"),
    "cancelled": ("Cancelled", "已取消", "taken back"),
    "clawed_back": ("Cancelled", "已取消", "taken back"),
    "written_off": ("Cancelled", "已取消", "taken back"),
}


@pytest.fixture
def programme(monkeypatch: pytest.MonkeyPatch) -> ProgrammeView:
    monkeypatch.setattr(clock, "now", lambda: T0)
    shop = Shop(monkeypatch)
    anna = shop.customer("anna")
    programme = shop.programme(anna)
    shop.sign_up("ben", shop.code(programme, anna))
    shop.order("ben", "o1", 120, at=T0 + timedelta(days=1))
    shop.run()
    monkeypatch.setattr(clock, "now", lambda: T0 + timedelta(days=2))
    return programme


def own_page(programme: ProgrammeView, language: str) -> str:
    inviter = Reward.objects.get(role="referrer").customer_id
    token = queries.token_of(queries.list_codes(programme.id, {inviter})[inviter])
    return Client(headers={"accept-language": language}).get(f"/p/{token}").content.decode()


@pytest.mark.parametrize("state", get_args(RewardState))
def test_the_inviter_staff_and_the_funnel_are_told_what_is_true(programme: ProgrammeView, state: RewardState) -> None:
    Reward.objects.filter(role="referrer").update(state=state, reason="")
    english, chinese, staff = SAID[state]
    assert english in own_page(programme, "en") and chinese in own_page(programme, "zh-hans")
    as_of = T0 + timedelta(days=9)
    counts = {step: queries.count_people(programme.id, step, as_of=as_of) for step in ("held", "rewarded", "unpaid")}
    assert counts == {step: int(step == MEANINGS[state].step) for step in counts}
    assert staff in why_page(programme)


def why_page(programme: ProgrammeView) -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user("administrator"))
    return client.get(f"/referrals/{programme.id}/why?q=anna").content.decode()


def test_what_nobody_decided_about_in_time_was_never_theirs(programme: ProgrammeView) -> None:
    Reward.objects.filter(role="referrer").update(state="expired", reason="not_decided")
    text = own_page(programme, "en")
    assert "We did not confirm this one in time" in text and "was yours" not in text
    assert queries.count_people(programme.id, "unpaid", as_of=T0 + timedelta(days=9)) == 1
    assert "No reward for order" in why_page(programme)


def test_a_reward_on_hold_promises_no_day(programme: ProgrammeView) -> None:
    Reward.objects.filter(role="referrer").update(is_on_hold=True, reason="risk_held")
    text = own_page(programme, "en")
    assert "We look at it before" in text and "comes on" not in text


def told() -> list[str]:
    services.announce_outcomes()
    own = Event.objects.filter(source="liebian", name__startswith="Reward").order_by("id")
    return list(own.values_list("name", flat=True))


def test_a_gift_on_its_way_is_told_step_by_step_and_taken_back_only_when_it_was() -> None:
    gift = make_gift()
    restock(gift, 1)
    [reward] = promise(gift, 1, make_budget(funded=1000))
    send(reward)
    assert told() == ["Reward Held", "Reward Issuing", "Reward Sent"]
    refund()
    assert told()[3:] == [], "nothing has gone back yet"
    act("deliver", reward)
    assert told()[3:] == ["Reward Issued", "Reward Clawed Back"]


def test_acts_of_people_are_told_as_what_they_were() -> None:
    gift = make_gift()
    grant = make_grant(make_budget(funded=1000), 1, ("referee", gift))
    [outcome] = rewards.grant_pairs(grants=[grant], now=NOW)
    for n, name, reason in ((1, "hold", "risk_held"), (2, "reject", "risk_rejected")):
        rewards.propose_review(
            act=name, reward_ids=[outcome.reward.id], reason=reason, note="", key=str(n), actor=1, day=HOLD,
            now=NOW + timedelta(minutes=n),
        )  # fmt: skip
    assert told() == ["Reward Held", "Reward Held", "Reward Rejected"]


def test_the_timeline_has_words_for_every_event() -> None:
    assert {meaning.event for meaning in MEANINGS.values()} - {""} <= set(_TRACKS)
