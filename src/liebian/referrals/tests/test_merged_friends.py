"""Two friends of one programme turn out to be one person: the first invitation counts, the other gives everything back."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.test import Client
from django.urls import reverse

from liebian.referrals import queries
from liebian.referrals.models import Qualification, Referral
from liebian.referrals.queries.friends import list_friends
from liebian.referrals.tests.shop import T0, Shop, states
from liebian.referrals.tests.test_merges import DAY, HOUR, become, order, sign_up, visitor
from liebian.referrals.tests.test_staff_pages import page, signed_in
from liebian.referrals.types import ProgrammeView
from liebian.rewards import queries as rewards

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(monkeypatch)


def both_come(shop: Shop, programme: ProgrammeView, codes: Mapping[str, str], first: str, *, buy: bool = True) -> None:
    """cleo, and somebody on a device who turns out to be cleo; `first` is who of them signs up before the other."""
    for number, user in enumerate([first, "d1" if first == "cleo" else "cleo"]):
        at = T0 + number * HOUR
        if user == "cleo":
            shop.sign_up("cleo", codes["cleo"], at=at)
        else:
            sign_up(shop, "d1", codes["d1"], at)
    if buy:
        shop.order("cleo", "o-cleo", 120, at=T0 + 3 * HOUR)
        order(shop, "d1", "o-d1", T0 + 4 * HOUR)


@pytest.mark.parametrize("issued", [False, True])
@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("same_inviter", [False, True])
@pytest.mark.parametrize("first", ["cleo", "d1"])
def test_the_first_invitation_counts_and_the_other_gives_everything_back(
    shop: Shop, first: str, same_inviter: bool, at_once: bool, issued: bool
) -> None:
    anna, ben = shop.customer("anna"), shop.customer("ben")
    shop.say({"type": "identify", "userId": "cleo"}, at=T0 - 2 * DAY)
    device = visitor(shop, "d1")
    programme = shop.programme(anna, ben)
    inviters = {"cleo": anna, "d1": anna if same_inviter else ben}
    both_come(shop, programme, {user: shop.code(programme, who) for user, who in inviters.items()}, first)
    if issued:
        shop.day("2026-06-09")
    if not at_once:
        shop.run()
        assert {row.state for row in Referral.objects.all()} == {"qualified"}
    become(shop, "d1", "cleo", T0 + 10 * DAY)
    shop.run()
    other = "d1" if first == "cleo" else "cleo"
    cleo = shop.id_of("cleo")
    found = {(row.referee_id, row.referrer_id, row.state, row.reason) for row in Referral.objects.all()}
    assert found == {
        (cleo, inviters[first], "qualified", ""),
        (device, inviters[other], "refused", "merged_duplicate"),
    }
    judged = set(Qualification.objects.values_list("order_external_id", "outcome", "reason"))
    assert judged == {(f"o-{first}", "qualified", ""), (f"o-{other}", "reversed", "merged_duplicate")}
    known = rewards.list_rewards(programme_id=programme.id)
    ended = {(r.qualification.rpartition(":")[2], r.role, r.state, r.reason) for r in known}
    gone = "clawed_back" if issued else "cancelled"
    assert ended == {
        *((f"o-{first}", role, "issued" if issued else "held", "") for role in ("referrer", "friend")),
        *((f"o-{other}", role, gone, "merged_duplicate") for role in ("referrer", "friend")),
    }
    before = states(programme)
    shop.refund("cleo", f"o-{other}", "r1", None, at=T0 + 11 * DAY)
    shop.run()
    assert states(programme)["rewards"] == before["rewards"], "nothing is taken back twice"


@pytest.mark.parametrize("refused", ["cleo", "d1"])
def test_a_refused_sign_up_of_either_leaves_the_inviter_of_the_other(shop: Shop, refused: str) -> None:
    """So that nobody can be brought again by somebody else after they turned out to be one."""
    anna, ben = shop.customer("anna"), shop.customer("ben")
    shop.say({"type": "identify", "userId": "cleo"}, at=T0 - 2 * DAY)
    visitor(shop, "d1")
    programme = shop.programme(anna, ben)
    if refused == "cleo":
        shop.sign_up("cleo", shop.code(programme, anna), consent="", at=T0)
        sign_up(shop, "d1", shop.code(programme, ben), T0 + HOUR)
    else:
        properties = {"code": shop.code(programme, anna), "consent": ""}
        shop.say({"type": "track", "event": "Referral Signed Up", "anonymousId": "d1", "properties": properties}, at=T0)
        shop.sign_up("cleo", shop.code(programme, ben), at=T0 + HOUR)
    shop.run()
    become(shop, "d1", "cleo", T0 + DAY)
    shop.sign_up("cleo", shop.code(programme, anna), at=T0 + 2 * DAY)
    shop.order("cleo", "o1", 120, at=T0 + 3 * DAY)
    shop.run()
    row = Referral.objects.get(referee_id=shop.id_of("cleo"))
    assert (row.referrer_id, row.state) == (ben, "qualified")
    assert {(r.customer_id, r.role) for r in rewards.list_rewards(programme_id=programme.id)} == {
        (ben, "referrer"), (row.referee_id, "friend")
    }  # fmt: skip


def test_a_first_invitation_that_closes_a_ring_goes_and_the_other_counts(shop: Shop) -> None:
    """dora → ben → d1 and then anna → dora; d1 turns out to be dora."""
    anna = shop.customer("anna")
    shop.say({"type": "identify", "userId": "ben"}, at=T0 - 2 * DAY)
    shop.say({"type": "identify", "userId": "dora"}, at=T0 - 2 * DAY)
    visitor(shop, "d1")
    dora, ben = shop.id_of("dora"), shop.id_of("ben")
    programme = shop.programme(anna, ben, dora)
    shop.sign_up("ben", shop.code(programme, dora), at=T0)
    sign_up(shop, "d1", shop.code(programme, ben), T0 + HOUR)
    shop.sign_up("dora", shop.code(programme, anna), at=T0 + 2 * HOUR)
    become(shop, "d1", "dora", T0 + DAY)
    shop.run()
    found = {(row.referee_id, row.referrer_id): row.reason for row in Referral.objects.all()}
    assert found[ben, dora] == ""
    assert found[dora, anna] == "", "the ring is open without the first one, which would have been refused"
    assert sorted(found.values()) == ["", "", "merged_ring"]


def test_everybody_reads_why_on_their_page(shop: Shop, client: Client) -> None:
    anna, ben = shop.customer("anna"), shop.customer("ben")
    shop.say({"type": "identify", "userId": "cleo", "traits": {"name": "林晚秋"}}, at=T0 - 2 * DAY)
    visitor(shop, "d1")
    programme = shop.programme(anna, ben)
    codes = {"cleo": shop.code(programme, anna), "d1": shop.code(programme, ben)}
    both_come(shop, programme, codes, "cleo")
    become(shop, "d1", "cleo", T0 + DAY)
    shop.run()
    cleo = shop.id_of("cleo")
    told = {(r.referrer_id, r.state, r.reason) for r in queries.list_referrals(referee_id=cleo)}
    assert told == {(anna, "qualified", ""), (ben, "refused", "merged_duplicate")}
    kinds = [(e.kind, e.reason) for e in queries.list_story(cleo, programme_id=programme.id)]
    assert ("sign_up_refused", "merged_duplicate") in kinds and ("reward_taken_back", "merged_duplicate") in kinds
    assert ("ordered", "merged_duplicate") in kinds
    assert queries.find_people("o-d1") == [cleo]
    me = queries.find_participation(codes["d1"])
    assert me is not None
    (friend,) = list_friends(me)
    assert (friend.state, friend.reason, friend.name) == ("not_counted", "merged_duplicate", "林*秋")
    told_by = page(signed_in(client, "operator"), reverse("referrals:customer-panel", args=[cleo]))
    assert "Two friends turned out to be one person" in told_by
    mine = page(client, reverse("referrals:inviter", args=[queries.token_of(codes["d1"])]))
    assert "counts once, by the first invitation" in mine
