"""The demo shop's referral programme and the people whom it moves: honest inviters, their friends, and a few who cheat."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from liebian.config.demo.history import Diary, introduce, place_order
from liebian.config.demo.people import Crowd, Person
from liebian.config.demo.programme import TERMS, EarnedCoupon, Invitee, list_new_coupons, publish_programme

SHARE_CHANNELS = {"wechat": 0.62, "moments": 0.2, "poster": 0.1, "sms": 0.05, "link": 0.03}
JOINS = 0.36
RECOMMENDS_ANYWAY = 0.03
RING_SIZE = 9
USES_COUPON = 0.55
HANDS_COUPON_ON = 0.04
CONSENT = "2026-09"


@dataclass(slots=True)
class Campaign:
    crowd: Crowd
    diary: Diary
    starts: date
    today: date
    known: list[Person]
    programme_id: int = 0
    friends: dict[str, Person] = field(default_factory=dict)
    owners: list[Person] = field(default_factory=list)

    def publish(self, moment: datetime) -> None:
        """Publish through the product, then decide what everybody on the list will do."""
        by_user = {person.user_id: person for person in self.known}
        self.programme_id, invitees = publish_programme(moment, starts=self.starts, today=self.today)
        ring_leader = next((i for i in invitees if i.arm == "treated"), None)
        for invitee in invitees:
            inviter = by_user.get(invitee.user_id)
            if inviter is None:
                continue
            self._recommend_anyway(inviter)
            if invitee.arm != "treated":
                continue
            if invitee is ring_leader:
                self._run_ring(invitee, inviter)
            elif self.crowd.chance.random() < JOINS:
                self._invite(invitee, inviter)

    # --- honest people -------------------------------------------------------------------------------------------------
    def _recommend_anyway(self, inviter: Person) -> None:
        """Some recommend the shop without any programme, in both arms alike: the friend says by whom they came."""
        if self.crowd.chance.random() >= RECOMMENDS_ANYWAY:
            return
        joined = self._day(self.starts, 50)
        friend = self.crowd.person(joined, buys=False)
        friend.referred_by = inviter.user_id
        at = self.diary.moment(joined)
        introduce(self.diary, friend, at)
        self._order_later(friend, at, 0.8)

    def _invite(self, invitee: Invitee, inviter: Person) -> None:
        chance = self.crowd.chance
        opens_page = self.diary.moment(self._day(self.starts, 45))
        self._track(opens_page, {"userId": inviter.user_id}, "Referral Page Viewed", invitee, "")
        shared = opens_page
        for _ in range(min(9, 1 + round(chance.expovariate(0.9)))):
            shared += timedelta(hours=chance.expovariate(1 / 20))
            channel = chance.choices(list(SHARE_CHANNELS), weights=list(SHARE_CHANNELS.values()))[0]
            self._track(shared, {"userId": inviter.user_id}, "Referral Link Shared", invitee, channel)
            for _ in range(int(chance.gammavariate(0.55, 3.4))):
                self._open(invitee, inviter, shared + timedelta(hours=chance.expovariate(1 / 9)), channel)

    def _open(self, invitee: Invitee, inviter: Person, at: datetime, channel: str) -> None:
        chance = self.crowd.chance
        if at.date() > self.today:
            return
        friend = self.crowd.person(at.date(), buys=False, channel="referral")
        self._track(at, {"anonymousId": friend.device}, "Referral Link Opened", invitee, channel)
        if chance.random() >= 0.25:
            return
        cheat = chance.random()
        if cheat < 0.03:
            friend.phone = inviter.phone
        elif cheat < 0.08:
            friend.phone = chance.choice(self.known).phone
        self.friends[friend.user_id] = friend
        signed = at + timedelta(minutes=chance.randint(1, 40))
        self._sign_up(friend, invitee, signed, channel)
        if cheat >= 0.08:
            self._order_later(friend, signed, 0.56)

    def _order_later(self, friend: Person, after: datetime, probability: float) -> None:
        if self.crowd.chance.random() >= probability:
            return
        day = after.date() + timedelta(days=int(self.crowd.chance.expovariate(1 / 3.5)))
        while day <= self.today:
            at = self.diary.moment(day, after=after)
            introduce(self.diary, friend, at - timedelta(minutes=1))
            place_order(self.diary, friend, at, self.today)
            after = at
            if self.crowd.chance.random() < 0.55:
                return
            day += timedelta(days=2 + int(self.crowd.chance.expovariate(1 / 25)))

    # --- coupons ---------------------------------------------------------------------------------------------------------
    def use_coupons(self, day: date) -> None:
        """Friends whose coupon came yesterday decide when to order again with it, and some do not."""
        for coupon in list_new_coupons(day - timedelta(days=1)):
            friend = self.friends.get(coupon.user_id)
            if friend is None:
                continue
            self.owners.append(friend)
            if self.crowd.chance.random() < USES_COUPON:
                self._order_with(coupon, friend, day)

    def _order_with(self, coupon: EarnedCoupon, friend: Person, day: date) -> None:
        chance = self.crowd.chance
        used = day + timedelta(days=int(chance.expovariate(1 / 9)))
        if used > self.today:
            return
        buyer = chance.choice(self.owners) if chance.random() < HANDS_COUPON_ON else friend
        at = self.diary.moment(used)
        introduce(self.diary, buyer, at - timedelta(minutes=1))
        place_order(self.diary, buyer, at, self.today, at_least=coupon.minimum, coupon=coupon.code, off=coupon.off)

    # --- and a ring: many made-up friends, one cheap order each, given back at once --------------------------------------
    def _run_ring(self, invitee: Invitee, inviter: Person) -> None:
        day = self._day(self.starts, 30)
        start = self.diary.moment(day)
        self._track(start, {"userId": inviter.user_id}, "Referral Page Viewed", invitee, "")
        self._track(start, {"userId": inviter.user_id}, "Referral Link Shared", invitee, "link")
        for number in range(RING_SIZE):
            at = start + timedelta(minutes=7 * (number + 1))
            friend = self.crowd.person(day, buys=False, channel="referral")
            self._track(at, {"anonymousId": friend.device}, "Referral Link Opened", invitee, "link")
            self._sign_up(friend, invitee, at + timedelta(minutes=1), "link")
            introduce(self.diary, friend, at + timedelta(minutes=2))
            order_id = place_order(self.diary, friend, at + timedelta(minutes=3), self.today, at_least=99)
            back = at + timedelta(days=2 + number % 3)
            if back.date() <= self.today:
                refund = {"order_id": order_id, "refund_id": f"R2-{order_id}", "currency": "CNY"}
                self.diary.add(
                    back, {"type": "track", "event": "Order Refunded", "userId": friend.user_id, "properties": refund}
                )

    # --- helpers of both ---------------------------------------------------------------------------------------------------
    def _sign_up(self, friend: Person, invitee: Invitee, at: datetime, channel: str) -> None:
        who = {"anonymousId": friend.device}
        self.diary.add(at, {"type": "identify", "traits": {"phone": friend.phone, "channel": "referral"}, **who})
        self._track(at + timedelta(seconds=1), who, "Referral Signed Up", invitee, channel, consent=CONSENT)

    def _track(
        self, at: datetime, who: dict[str, str], event: str, invitee: Invitee, channel: str, **more: str
    ) -> None:
        properties = {
            "programme_id": self.programme_id,
            "programme": TERMS["name"],
            "code": invitee.code,
            "channel": channel,
            **more,
        }
        self.diary.add(at, {"type": "track", "event": event, "properties": properties, **who})

    def _day(self, start: date, spread: int) -> date:
        offset = min(spread, int(self.crowd.chance.expovariate(1 / 14)))
        return min(self.today, start + timedelta(days=offset))
