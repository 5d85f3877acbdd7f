"""The shop's checkout: quote, reserve, redeem, give back; and answers that are given once."""

from liebian.rewards.services.checkout.acts import quote_coupons, redeem_reservation, reserve_coupons
from liebian.rewards.services.checkout.answers import answer_once, drop_old_answers
from liebian.rewards.services.checkout.lapsing import let_carts_lapse
from liebian.rewards.services.checkout.returns import give_back

__all__ = [
    "answer_once",
    "drop_old_answers",
    "give_back",
    "let_carts_lapse",
    "quote_coupons",
    "redeem_reservation",
    "reserve_coupons",
]
