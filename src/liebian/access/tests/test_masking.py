import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.access.types import mask_email, mask_field, mask_generic, mask_name, mask_phone

han = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
latin = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12)


@given(st.text(han, min_size=3, max_size=6))
def test_a_chinese_name_keeps_only_its_ends(name):
    masked = mask_name(name)
    assert masked[0] == name[0] and masked[-1] == name[-1]
    assert set(masked[1:-1]) == {"*"}


@given(st.text(han, min_size=1, max_size=2))
def test_a_short_chinese_name_always_hides_something(name):
    assert "*" in mask_name(name) and name not in mask_name(name)


@given(st.lists(latin, min_size=1, max_size=4))
def test_a_name_in_letters_keeps_only_initials(words):
    masked = mask_name(" ".join(words))
    assert masked.replace("*", "").split() == [word[0] for word in words]


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_chinese_mobile_hides_its_middle_four(number):
    assert mask_phone(number) == f"{number[:3]}****{number[-4:]}"
    assert mask_phone("+86" + number) == f"+86 {number[:3]}****{number[-4:]}"


@given(st.from_regex(r"\+?[0-9 ()-]{1,24}", fullmatch=True))
def test_any_number_hides_at_least_four_digits(number):
    shown = [letter for letter in mask_phone(number).split(" ")[-1] if letter.isdigit()]  # the country is no secret
    assert len(shown) <= max(0, sum(letter.isdigit() for letter in number) - 4)


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+44 7700 900123", "+44 77****0123"),
        ("+1 650-555-0199", "+1 65****0199"),
        ("400 800", "****00"),
        ("", ""),
        ("call me", "****"),
    ],
)
def test_numbers_of_other_kinds(number, masked):
    assert mask_phone(number) == masked


@given(local=latin, domain=st.sampled_from(["qq.com", "example.co.uk"]))
def test_an_address_keeps_its_first_letter_and_domain(local, domain):
    assert mask_email(f"{local}@{domain}") == f"{local[0]}***@{domain}"


@given(st.text(min_size=1, max_size=40))
def test_the_generic_mask_shows_two_characters_at_most(value):
    masked, text = mask_generic(value), value.strip()
    if len(text) > 5:
        assert masked == f"{text[0]}****{text[-1]}"
    else:
        assert masked == ("****" if text else "")


@given(st.sampled_from(["name", "phone", "email", "openid", "address"]), st.text(max_size=60))
def test_no_mask_fails_and_none_returns_a_long_value_unchanged(field, value):
    masked = mask_field(field, value)
    assert len(value.strip()) < 2 or masked != value.strip() or "*" in value
