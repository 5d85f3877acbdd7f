"""Both sides of a referral have words wherever rewards are listed."""

import pytest
from django.utils import translation

from liebian.referrals.types import FRIEND, REFERRER
from liebian.rewards.views.words import role_words


@pytest.mark.parametrize(
    ("language", "inviter", "friend"), [("en", "as inviter", "as friend"), ("zh-hans", "作为推荐人", "作为好友")]
)
def test_both_sides_are_named_in_the_readers_language(language, inviter, friend):
    with translation.override(language):
        assert [str(role_words(role)) for role in (REFERRER, FRIEND)] == [inviter, friend]
