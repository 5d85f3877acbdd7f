"""Whose it is, is sealed at any depth; what a thing is called stays readable."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.events.inbox.masks import masked
from liebian.events.rules import parse_message

ARRIVED = datetime(2026, 3, 1, 8, tzinfo=UTC)
SECRET = "王芳芳"


def split(kind="track", **fields):
    """(body as it is stored, what is sealed)."""
    message = {"type": kind, "event": "Order Completed", "userId": "u1", **fields}
    draft = parse_message(message, source="shop", received_at=ARRIVED)
    return msgspec.json.decode(draft.body), draft.personal


HOLDERS = [
    "consignee", "contact", "customer", "user", "person", "buyer", "receiver", "sender", "friend", "invitee", "inviter",
    "referrer", "payer", "owner", "shipping_address", "billing_address", "shippingAddress", "ShippingAddress", "SHIPPING_ADDRESS",
    "x" * 900 + "_receiver", "gift_receiver", "newContact", "customers", "contacts", "收货人", "members",
]  # fmt: skip


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("name", ["name", "firstName", "last_name", "full_name", "nickname"])
def test_the_name_of_a_person_is_sealed_by_what_holds_it(holder, name):
    for held in ({name: SECRET, "city": "杭州"}, [{"city": "苏州"}, {name: SECRET}]):
        body, personal = split(properties={"order_id": "A1", "parcel": {holder: held}})
        assert SECRET not in str(body) and "order_id" in str(body) and "city" in str(body)
        (sealed,) = personal["nested"]
        assert sealed["value"] == SECRET and sealed["path"].startswith(f"properties.parcel.{holder}.")


def test_a_name_in_parts_is_sealed_whole():
    body, personal = split(properties={"customer": {"name": {"first": "芳", "last": "王"}, "level": "gold"}})
    assert body["properties"] == {"customer": {"level": "gold"}}
    assert personal["nested"] == [{"path": "properties.customer.name", "value": {"first": "芳", "last": "王"}}]


THEIRS = {
    "consignee": SECRET, "receiver": SECRET, "gift_receiver": SECRET, "收货人": SECRET, "联系人": SECRET, "姓名": SECRET,
    "receiver_name": SECRET, "contactName": SECRET, "customer_first_name": SECRET, "收货人姓名": SECRET, "userName": SECRET,
    "buyer_name": {"first": "芳", "last": SECRET}, "mobile": "13800138000", "tel": "021-63870001", "receiverMobile": 13800138000,
    "收货人手机号": "13800138000", "联系电话": "13800138000", "contact_email": "fang@example.com", "收货地址": "文三路 1 号",
    "receiver_address": "文三路 1 号", "shipping_address": "文三路 1 号", "deliveryAddress": "文三路 1 号", "address1": "文三路 1 号",
    "x" * 900 + "_receiver_name": SECRET,
}  # fmt: skip
NOT_THEIRS = {
    "mobile": True, "is_mobile": 1, "tel": "", "owner": "team 4", "member": "gold", "contact": "by e-mail", "customer": "c-17",
    "store_name": "湖滨店", "product_name": "明前龙井", "customer_group_name": "gold", "ip_address": "10.0.0.1",
    "store_address": "湖滨路 1 号", "phone_model": "P70", "email_opt_in": "yes", "hotel": "21-63870001", "mobile_app": "shop 12345",
    "street": "文三路", "detail": "red", "line1": "2", "商品名称": "龙井",
}  # fmt: skip


@pytest.mark.parametrize("field", THEIRS)
def test_whose_it_is_is_sealed_where_a_field_says_it_in_plain_text(field):
    for kind, path, holder in (
        ("track", (), "properties"),
        ("identify", (), "traits"),
        ("track", ("parcel", "to"), "properties"),
    ):
        held = {"order_id": "A1", field: THEIRS[field]}
        for step in path:
            held = {step: held}
        body, personal = split(kind, **{holder: held, "context": {"more": held}})
        assert field not in str(body) and str(body).count("order_id") == 2
        assert [sealed["value"] for sealed in personal["nested"]] == [THEIRS[field]] * 2
        shown = str(masked({holder: held}))
        assert all(part not in shown for part in (SECRET, "13800138000", "63870001", "文三路 1", "fang@"))


def test_words_and_answers_that_name_nobody_stay_readable():
    for properties in (NOT_THEIRS, {"data": NOT_THEIRS, "list": [NOT_THEIRS]}):
        body, personal = split(properties=properties, context={"userAgentData": {"mobile": False}})
        assert (body["properties"], personal) == (properties, {})
        assert masked(properties) == properties


def test_an_address_keeps_its_city_and_loses_the_way_to_the_door():
    shopify = {"first_name": "芳", "address1": "文三路 1 号", "address2": "502", "city": "杭州", "country_code": "CN"}
    wechat = {"userName": SECRET, "telNumber": "13800138000", "detailInfo": "文三路 1 号", "cityName": "杭州"}
    body, personal = split(properties={"shipping_address": shopify, "billingAddress": wechat})
    assert body["properties"] == {
        "shipping_address": {"city": "杭州", "country_code": "CN"},
        "billingAddress": {"cityName": "杭州"},
    }
    assert len(personal["nested"]) == 6


@pytest.mark.parametrize("beside", [{"mobile": "13800138000"}, {"tel": "021-63870001"}, {"contact_email": "a@b.cn"}])
def test_a_name_beside_any_number_or_e_mail_is_a_persons(beside):
    body, _personal = split(properties={"name": SECRET, "form": {"name": SECRET, **beside}, **beside})
    assert body["properties"] == {"form": {}}
    body, _personal = split(properties={"items": [{"name": "Top-up card", "sku": "T1", **beside}]})
    assert body["properties"] == {"items": [{"name": "Top-up card", "sku": "T1"}]}


@pytest.mark.parametrize("name", ["nickname", "nickName", "full_name", "realName"])
def test_a_person_is_not_called_anything_in_clear(name):
    for fields in (
        {"traits": {name: SECRET, "level": "gold"}},
        {"context": {"traits": {name: SECRET, "level": "gold"}}},
    ):
        body, personal = split("identify", **fields)
        assert body["traits"] == {"level": "gold"}
        assert personal["nested"] == [{"path": f"traits.{name}", "value": SECRET}]
        assert SECRET not in str(masked(fields))


def test_what_things_are_called_stays_readable():
    properties = {
        "name": "Tea", "product": {"name": "明前龙井"}, "products": [{"product_id": "T1", "name": "白茶"}, {"name": "红茶"}],
        "items": [{"name": "Cup"}], "store": {"name": "湖滨店", "city": "杭州"}, "customer_group": {"name": "gold"},
        "user_agent": {"name": "Firefox"}, "contact_page": {"name": "Help"}, "customer": {"company": {"name": "Tea Ltd"}},
    }  # fmt: skip
    context = {
        "campaign": {"name": "spring"}, "library": {"name": "analytics.js"}, "page": {"name": "Home"},
        "app": {"name": "Shop"}, "referrer": {"id": "x", "type": "ad", "name": "network"},
    }  # fmt: skip
    body, personal = split(properties=properties, context=context)
    assert (body["properties"], body["context"], personal) == (properties, context, {})
    assert masked(properties) == properties


def test_a_product_keeps_its_name_beside_an_e_mail():
    body, personal = split(properties={"product_id": "T1", "name": "Tea", "email": "a@b.cn"})
    assert body["properties"] == {"product_id": "T1", "name": "Tea"} and personal == {"email": "a@b.cn"}
    body, _personal = split(properties={"products": [{"name": "Top-up card", "phone": "13800138000"}]})
    assert body["properties"] == {"products": [{"name": "Top-up card"}]}


def test_a_name_beside_a_phone_at_the_top_is_sealed_and_does_not_rename_the_customer():
    body, personal = split(properties={"name": SECRET, "phone": "13800138000", "form": "visit"})
    assert body["properties"] == {"form": "visit"}
    assert personal == {"phone": "13800138000", "nested": [{"path": "properties.name", "value": SECRET}]}


def test_pages_mask_the_same_names():
    shown = str(masked({"properties": {"consignee": {"name": SECRET}, "parcels": [{"name": SECRET, "phone": "1"}]}}))
    assert SECRET not in shown and "王*芳" in shown


NAMES = st.sampled_from(["name", "phone", "email", "city", "note", "parcel", "shipping", "list"])
SCALARS = st.none() | st.integers(-9, 9) | st.text("ab", max_size=3) | st.just(SECRET)
TREES = st.recursive(
    SCALARS, lambda inner: st.dictionaries(NAMES, inner, max_size=5) | st.lists(inner, max_size=3), max_leaves=25
)


def objects(value):
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


@given(
    st.dictionaries(NAMES, TREES, max_size=5), st.sampled_from(["track", "page", "identify"]), st.lists(NAMES, max_size=6)
)  # fmt: skip
def test_no_name_beside_a_phone_or_an_e_mail_stays_in_clear_at_any_depth(tree, kind, path):
    for step in path:
        tree = {step: tree}
    count = 0

    def mark(value):
        """Every name beside a phone or an e-mail is a word of its own."""
        nonlocal count
        if isinstance(value, list):
            return [mark(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        marked = {key: mark(inner) for key, inner in value.items()}
        if "name" in marked and ("phone" in marked or "email" in marked):
            marked["name"], count = f"somebody {count};", count + 1
        return marked

    holder = "traits" if kind == "identify" else "properties"
    marked = mark(tree)
    body, personal = split(kind, **{holder: marked, "context": {"more": marked}})
    assert "somebody" not in str(body)
    assert not any({"phone", "email"} & held.keys() for held in objects(body))
    sent, sealed = str(marked), str(personal)
    assert all(name in sealed for name in (f"somebody {number};" for number in range(count)) if name in sent)


@given(TREES)
def test_a_message_without_people_is_stored_as_it_was_sent(tree):
    def without(value):
        if isinstance(value, list):
            return [without(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        return {key: without(inner) for key, inner in value.items() if key not in {"phone", "email"}}

    properties = {"data": without(tree)}
    body, personal = split(properties=properties)
    assert body["properties"] == properties and personal == {}


URL = "https://shop.cn/tea?phone=13800138000&token=7&utm_source=wx#top"


@pytest.mark.parametrize("kind", ["page", "screen"])
def test_addresses_of_pages_lose_their_query_except_the_campaign(kind):
    page = {"url": URL, "referrer": URL, "search": "?phone=13800138000&utm_id=3", "path": "/tea", "title": "Tea?"}
    body, _ = split(kind=kind, properties=dict(page), context={"page": dict(page), "locale": "zh"})
    plain = "https://shop.cn/tea?utm_source=wx"
    expected = {"url": plain, "referrer": plain, "search": "?utm_id=3", "path": "/tea", "title": "Tea?"}
    assert body["context"] == {"page": expected, "locale": "zh"} and body["properties"] == expected


def test_the_page_on_which_something_happened_loses_its_query_and_the_address_of_a_product_keeps_it():
    body, _ = split(properties={"url": "https://shop.cn/p?sku=T1"}, context={"page": {"url": URL}})
    assert body["properties"] == {"url": "https://shop.cn/p?sku=T1"}
    assert body["context"]["page"] == {"url": "https://shop.cn/tea?utm_source=wx"}
    assert split(context={"page": 5})[0]["context"] == {"page": 5}
