"""Checking messages against registered schemas: what fits, what is corrected, what violates."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core import clock
from liebian.events.checking.compiled import CompiledSchema
from liebian.events.checking.learn import learn
from liebian.events.checking.types import FIELD_TYPES, FieldRule
from liebian.events.checks import load_checks
from liebian.events.models import Schema


def schema(*, kind="track", corrects=True, other_fields=True, **fields):
    rules = [FieldRule.from_json(path.replace("__", "."), rule) for path, rule in fields.items()]
    return CompiledSchema(kind, rules, corrects=corrects, other_fields=other_fields)


def track(**properties):
    return {"type": "track", "event": "Order Completed", "properties": properties}


def said(found):
    return [(one.code, one.field, dict(one.args)) for one in found]


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        ("number", "12.5", 12.5), ("number", " 12 ", 12), ("integer", "3", 3), ("integer", 3.0, 3), ("integer", "3.0", 3),
        ("string", 3, "3"), ("string", 2.5, "2.5"), ("boolean", "true", True), ("boolean", "False ", False),
        ("time", 1767225600, "2026-01-01T00:00:00.000Z"), ("time", "1767225600000", "2026-01-01T00:00:00.000Z"),
        ("time", "1512121312005", "2017-12-01T09:41:52.005Z"),
    ],
)  # fmt: skip
def test_safe_casts_are_made_and_noted(kind, sent, kept):
    message = track(total=sent)
    before = copy.deepcopy(message)
    better, corrections, violations = schema(total={"type": kind}).check(message)
    assert better["properties"]["total"] == kept and type(better["properties"]["total"]) is type(kept)
    assert (message, violations, [one.field for one in corrections]) == (before, [], ["total"])


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("number", "1,200"), ("number", "007"), ("number", "0.12345678901234567"), ("number", True), ("number", "abc"),
        ("number", "99999999999999999999"), ("integer", 2.5), ("integer", "2.5"), ("integer", float("inf")),
        ("boolean", "yes"), ("boolean", 1), ("string", True), ("string", ["a"]), ("time", "tomorrow"), ("time", 12),
        ("time", 10**18), ("object", "{}"), ("list", "a,b"), ("list", {"a": 1}), ("object", []),
    ],
)  # fmt: skip
def test_what_would_lose_something_is_a_violation(kind, sent):
    message = track(total=sent)
    same, corrections, violations = schema(total={"type": kind}).check(message)
    assert same is message and corrections == []
    assert [(one.code, one.field) for one in violations] == [("field_wrong_type", "total")]


def test_without_corrections_a_castable_value_violates():
    _same, corrections, violations = schema(corrects=False, total={"type": "number"}).check(track(total="12.5"))
    assert said(violations) == [("field_wrong_type", "total", {"expected": "number", "found": "string"})]
    assert corrections == []


@pytest.mark.parametrize("value", [None, "", "  ", ...])
@pytest.mark.parametrize("corrects", [True, False])
def test_a_required_field_must_say_something(value, corrects):
    message = track() if value is ... else track(order_id=value)
    _same, _none, violations = schema(corrects=corrects, order_id={"type": "string", "required": True}).check(message)
    assert said(violations) == [("field_missing", "order_id", {})]


def test_a_blank_optional_field_is_left_out_and_blanks_around_text_are_cut():
    better, corrections, violations = schema(n={"type": "number"}, city={"type": "string"}).check(
        track(n=" ", city=" Hangzhou ", more=1)
    )
    assert better["properties"] == {"city": "Hangzhou", "more": 1} and violations == []
    assert said(corrections) == [("blank_removed", "n", {}), ("trimmed", "city", {})]


@pytest.mark.parametrize(
    ("rule", "sent", "expected"),
    [
        ({"type": "string", "one_of": ["web", "app"]}, "fax", ("field_not_listed", "f", {"one_of": ["web", "app"]})),
        ({"type": "number", "min": 0}, -1, ("field_too_small", "f", {"min": 0})),
        ({"type": "integer", "max": 5}, "6", ("field_too_large", "f", {"max": 5})),
        ({"type": "string", "min": 2}, "x", ("field_too_short", "f", {"min": 2})),
        ({"type": "list", "max": 1}, [1, 2], ("field_too_long", "f", {"max": 1})),
    ],
)
def test_limits(rule, sent, expected):
    assert said(schema(f=rule).check(track(f=sent))[2]) == [expected]


def test_no_other_fields_may_come_where_the_schema_says_so():
    rules = {"id": {"type": "string"}, "ship__city": {"type": "string"}, "extra": {"type": "object"}}
    message = track(id="1", ship={"city": "H", "zip": 1}, extra={"any": 1}, colour="red")
    assert schema(**rules).check(message)[2] == []
    assert said(schema(other_fields=False, **rules).check(message)[2]) == [
        ("field_unexpected", "ship.zip", {}), ("field_unexpected", "colour", {}),
    ]  # fmt: skip


def test_fields_below_fields():
    rules = schema(ship__price={"type": "number", "required": True})
    better, _corrections, violations = rules.check(track(ship={"price": "3", "way": "post"}))
    assert (better["properties"], violations) == ({"ship": {"price": 3, "way": "post"}}, [])
    assert said(rules.check(track())[2]) == [("field_missing", "ship.price", {})]
    assert said(rules.check(track(ship="post"))[2]) == [
        ("field_wrong_type", "ship", {"expected": "object", "found": "string"})
    ]


def test_findings_never_hold_what_was_sent():
    """They are stored in clear, and a value may be somebody's phone number."""
    rules = schema(
        kind="identify", phone={"type": "string", "max": 4}, age={"type": "integer"}, vip={"type": "boolean"}
    )
    message = {"type": "identify", "traits": {"phone": 13812346021, "age": "41", "vip": "13812346021"}}
    _better, corrections, violations = rules.check(message)
    shown = repr([one.as_dict() for one in corrections + violations])
    assert len(corrections) == 2 and len(violations) == 2
    assert "138" not in shown and "41" not in shown


def test_identify_looks_at_traits_wherever_they_stand():
    rules = schema(kind="identify", age={"type": "integer", "required": True})
    assert rules.check({"type": "identify", "context": {"traits": {"age": 3}}})[2] == []
    assert rules.check({"type": "identify", "properties": {"age": 3}})[2] != []


@pytest.mark.parametrize("held", ["text", 3, [1]])
def test_properties_that_are_no_object_violate(held):
    assert said(schema(a={"type": "string"}).check({"type": "track", "event": "E", "properties": held})[2])[0][:2] == (
        "field_wrong_type", "properties",
    )  # fmt: skip


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
    | st.sampled_from(["", " ", "12.5", " 7 ", "007", "true", "2026-01-01", " 1767225600 ", "1512121312005"]) | st.text(max_size=14),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4), max_leaves=8,
)  # fmt: skip
RULE = st.fixed_dictionaries(
    {"type": st.sampled_from(FIELD_TYPES), "required": st.booleans()},
    optional={"min": st.integers(-3, 3), "max": st.integers(0, 20)},
).map(lambda r: r if r["type"] in {"number", "integer", "string", "list"} else {k: r[k] for k in ("type", "required")})


@given(
    fields=st.dictionaries(st.sampled_from(["a", "b", "c.a", "c.b", "d.a.b"]), RULE, max_size=5),
    properties=st.dictionaries(st.sampled_from("abcde"), VALUES, max_size=5),
    corrects=st.booleans(), other_fields=st.booleans(),
)  # fmt: skip
def test_a_corrected_message_is_clean_and_checking_again_changes_nothing(fields, properties, corrects, other_fields):
    rules = CompiledSchema(
        "track", [FieldRule.from_json(p, r) for p, r in fields.items()], corrects=corrects, other_fields=other_fields
    )
    message = {"type": "track", "event": "E", "properties": properties}
    before = copy.deepcopy(message)
    better, corrections, violations = rules.check(message)
    assert message == before
    assert bool(corrections) == (better is not message)
    again, more, still = rules.check(better)
    assert (again, more) == (better, []) and again is better
    assert still == violations


@pytest.mark.django_db(databases="__all__")
class TestLoaded:
    def register(self, kind="track", name="Order Completed", **more):
        given = {"fields": {"total": {"type": "number", "required": True}}, "changed_at": clock.now(), **more}
        return Schema.objects.create(type=kind, name=name, **given)

    def test_one_query_and_what_is_switched_off_is_known_but_unchecked(self, django_assert_num_queries):
        self.register()
        self.register(name="Off", is_enabled=False)
        with django_assert_num_queries(1, using=Schema.objects.db):
            checks = load_checks()
        assert checks.check("track", "Order Completed", track())[2] != []
        assert checks.check("track", "Off", track(), unknown="quarantine")[2] == []

    def test_nothing_registered_lets_everything_through_untouched(self):
        message = track(total="x")
        better, corrections, violations = load_checks().check("track", "Any", message)
        assert better is message and (corrections, violations) == ([], [])

    def test_unknown_events_by_the_setting_of_the_source(self):
        self.register()
        checks = load_checks()
        assert said(checks.check("track", "New", track(), unknown="quarantine")[2]) == [
            ("unknown_event", "", {"name": "New"})
        ]
        assert checks.check("track", "New", track(), unknown="allow")[2] == []
        assert checks.check("identify", "", {"type": "identify"}, unknown="quarantine")[2] == []

    def test_a_page_without_a_schema_of_its_name_has_that_of_all_pages(self):
        self.register("page", "")
        self.register("page", "Cart", fields={})
        checks = load_checks()
        assert checks.check("page", "Home", {"type": "page"})[2] != []
        assert checks.check("page", "Cart", {"type": "page"})[2] == []

    def test_a_changed_schema_is_seen(self):
        row = self.register()
        assert load_checks().check("track", row.name, track())[2] != []
        Schema.objects.filter(pk=row.pk).update(fields={"total": {"type": "number"}})
        assert load_checks().check("track", row.name, track())[2] == []


def test_a_whole_amount_promises_no_whole_amounts():
    """A schema that is registered as proposed must not set ¥128.50 aside because the first orders cost whole yuan."""
    (total,) = learn([{"total": 168}, {"total": 99}])
    _message, _corrections, violations = schema(total=total.rule.as_json()).check(track(total=128.5))
    assert not violations
