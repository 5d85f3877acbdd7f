"""Messages in quarantine: tried, repaired, sent again, dismissed. Each enters the log at most once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from liebian.access.queries import list_audit
from liebian.config.jobs import drop_decided
from liebian.core.errors import Invalid
from liebian.events import services
from liebian.events.checking.repair import apply_steps, check_steps
from liebian.events.checking.types import STEP_OPS, FieldRule, Step
from liebian.events.checks import load_checks
from liebian.events.inbox.quarantine import count_states, get_quarantined, list_groups, list_quarantined
from liebian.events.inbox.types import Selection
from liebian.events.models import Quarantined
from liebian.events.queries import list_events_after
from liebian.events.reading import parse_all
from liebian.events.services.intake import Delivery, write_deliveries
from liebian.events.services.log import log_alias

pytestmark = pytest.mark.django_db(databases="__all__")
ARRIVED = datetime(2026, 3, 1, 8, tzinfo=UTC)
HAPPENED = "2026-03-01T07:30:00Z"
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def register(name="Order Completed", kind="track", **fields):
    rules = [FieldRule.from_json(path, rule) for path, rule in fields.items()]
    return services.save_schema(
        type=kind, name=name, rules=rules, corrects=True, other_fields=True, actor_id=None, now=ARRIVED
    )


def arrive(*messages, source="shop"):
    """Through the way in, where something is registered that they break; else as a source that lets no unknown event in."""
    checks = load_checks()

    def judge(type, name, message):
        return checks.check(type, name, message, unknown="quarantine")

    whole = [
        {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": f"m{number}-{source}",
         "timestamp": HAPPENED, **message}
        for number, message in enumerate(messages)
    ]  # fmt: skip
    _drafts, misfits, _notes = parse_all(
        whole, source=source, received_at=ARRIVED, check=judge, are_values_safe=False, is_batch=True
    )
    delivery = Delivery(source, ARRIVED.date(), int(ARRIVED.timestamp() * 1000), [], misfits)
    write_deliveries([delivery])


def order(**properties):
    return {"properties": {"order_id": "A1", **properties}}


ALL = Selection(source="shop")


def repair(*steps, wanted=ALL):
    return services.repair_quarantined(wanted, steps, actor_id=None, now=NOW)


def test_a_repaired_message_enters_the_log_with_its_own_time_and_key():
    register(total={"type": "number", "required": True})
    arrive(order(amount="1,280.50", phone="13800138000"))
    report = repair(Step("rename", "amount", "total"), Step("cast", "total", "number"))
    assert (report.looked_at, report.passed, report.left) == (1, 1, 0)
    (event,) = list_events_after(0, 10)
    assert (event.at, event.received_at) == (datetime(2026, 3, 1, 7, 30, tzinfo=UTC), NOW)
    assert event.properties == {"order_id": "A1", "total": 1280.5} and event.personal == {"phone": "13800138000"}
    assert count_states() == {"repaired": 1}
    # the sender tries once more: the key is still known
    again = {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "m0-shop", "timestamp": HAPPENED}
    assert services.record_events([again], source="shop", received_at=NOW).duplicates == 1


def test_a_repair_twice_changes_nothing_more():
    register(total={"type": "number", "required": True})
    arrive(order(), order())
    assert repair(Step("set", "total", 1)).passed == 2
    assert repair(Step("set", "total", 1)).passed == 0
    assert len(list_events_after(0, 10)) == 2


def test_what_still_does_not_fit_stays_with_its_reason():
    register(total={"type": "number", "required": True})
    arrive(order(), order(total="3 pieces"), order(totl=3))
    report = repair(Step("rename", "totl", "total"))
    assert (report.passed, report.failed) == (1, 2)
    assert set(report.reasons) == {("field_missing", "total", 1), ("field_wrong_type", "total", 1)}
    assert count_states() == {"waiting": 2, "repaired": 1}


def test_a_preview_shows_before_and_after_and_writes_nothing():
    register(total={"type": "number", "required": True})
    arrive(order(totl="3"), order())
    report = services.preview_repair(ALL, [Step("rename", "totl", "total")])
    assert (report.looked_at, report.passed) == (2, 1)
    passing = next(trial for trial in report.trials if trial.passes)
    assert passing.before["properties"] == {"order_id": "A1", "totl": "3"}
    assert passing.after["properties"] == {"order_id": "A1", "total": 3}
    assert [found["code"] for found in passing.corrections] == ["cast"]
    assert count_states() == {"waiting": 2} and list_events_after(0, 10) == []


def test_an_event_is_given_the_name_of_a_known_one():
    register(total={"type": "number"})
    services.ensure_source(name="shop", now=ARRIVED)
    arrive({"event": "order completed", "properties": {"total": 3}})
    assert repair(Step("rename_event", to="Order Completed")).passed == 1
    assert list_events_after(0, 10)[0].name == "Order Completed"


def test_replay_passes_what_the_changed_schema_allows():
    schema = register(colour={"type": "string", "one_of": ["red"]})
    arrive(order(colour="blue"), order(colour=3))
    assert services.replay_quarantined(ALL, actor_id=None, now=NOW).passed == 0
    rules = [FieldRule("colour", "string", one_of=("red", "blue"))]
    services.save_schema(
        type="track", name="Order Completed", rules=rules, corrects=True, other_fields=True, actor_id=None, now=NOW,
        schema_id=schema.id, version=1,
    )  # fmt: skip
    assert services.replay_quarantined(ALL, actor_id=None, now=NOW).passed == 1


def test_a_source_that_lets_no_unknown_event_in_does_not_by_replay_either():
    source = services.create_source(name="shop", now=ARRIVED)
    services.change_source(
        source_id=source.id,
        allowed_origins=[],
        events_per_second=None,
        unknown_events="quarantine",
        actor_id=None,
        now=NOW,
    )
    arrive({"event": "Strange"})
    report = services.replay_quarantined(ALL, actor_id=None, now=NOW)
    assert report.reasons == (("unknown_event", "", 1),)


def test_what_only_the_product_may_say_does_not_enter_by_replay():
    arrive({"type": "day", "event": "Day Started"})
    report = services.replay_quarantined(ALL, actor_id=None, now=NOW)
    assert (report.passed, report.reasons) == (0, (("bad_type", "", 1),)) and list_events_after(0, 10) == []


def test_dismissing_needs_a_reason_and_keeps_the_message():
    arrive(order(), order())
    with pytest.raises(Invalid, match="why"):
        services.dismiss_quarantined(ALL, reason=" ", actor_id=None, now=NOW)
    assert services.dismiss_quarantined(ALL, reason="test traffic", actor_id=None, now=NOW) == 2
    assert services.dismiss_quarantined(ALL, reason="again", actor_id=None, now=NOW) == 0
    assert repair().passed == 0 and list_events_after(0, 10) == []
    (kept, _other) = list_quarantined(Selection(), state="dismissed")
    assert kept.message["properties"] == {"order_id": "A1"}


def test_only_what_is_selected_is_touched():
    arrive(order(), order(), source="shop")
    arrive(order(), source="app")
    (first, _second) = list_quarantined(ALL)
    assert repair(wanted=Selection(ids=(first.id,))).passed == 1
    assert repair(wanted=Selection()).looked_at == 0
    assert (
        repair(wanted=Selection(source="app", code="unknown_event", type="track", name="Order Completed")).passed == 1
    )
    assert count_states() == {"repaired": 2, "waiting": 1}


def test_groups_count_what_failed_alike():
    register(total={"type": "number", "required": True})
    arrive(order(), order(), order(total="x"))
    assert [(one.code, one.name, one.count) for one in list_groups()] == [
        ("field_missing", "Order Completed", 2), ("field_wrong_type", "Order Completed", 1),
    ]  # fmt: skip


def test_messages_are_sealed_and_arrive_once():
    arrive(order(phone="13800138000"))
    arrive(order(phone="13800138000"))
    (row,) = Quarantined.objects.all()
    assert b"13800138000" not in bytes(row.message) and "13800138000" not in str(row.reasons)
    assert get_quarantined(row.pk).message["properties"]["phone"] == "13800138000"


def test_every_act_is_in_the_audit_trail_without_what_was_typed():
    register(phone={"type": "string", "required": True})
    arrive(order(), order())
    (first, _second) = list_quarantined(ALL)
    repair(Step("set", "phone", "13800138000"), wanted=Selection(ids=(first.id,)))
    services.dismiss_quarantined(ALL, reason="test traffic", actor_id=None, now=NOW)
    entries = {entry.action: entry for entry in list_audit(limit=10)}
    assert entries["quarantine.repaired"].details == {"messages": 1, "steps": ["set phone"]}
    assert entries["quarantine.dismissed"].reason == "test traffic"
    assert "schema.saved" in entries


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (Step("explode", "a"), "bad_step"), (Step("drop", ""), "step_field_missing"), (Step("cast", "a", "colour"), "bad_field_type"),
        (Step("rename", "a", ""), "step_value_missing"), (Step("rename", "a", "b..c"), "step_value_missing"),
        (Step("copy", "a", ""), "step_value_missing"), (Step("copy", "", "a"), "step_field_missing"), (Step("drop", "$."), "step_field_missing"),
        (Step("set", "$.customerId", 7), "bad_own_field"), (Step("rename", "a", "$.customerId"), "bad_own_field"),
        (Step("copy", "a", "$.receivedAt"), "bad_own_field"), (Step("set", "$.type", "day"), "bad_type"), (Step("set", "$.type", [1]), "bad_type"),
        (Step("read_time", "$.timestamp", "yesterday"), "bad_date_format"), (Step("read_time", "$.timestamp", "%H:%M"), "bad_date_format"),
        (Step("read_time", "$.timestamp", "%d/%m/%Y %Q"), "bad_date_format"), (Step("read_time", "$.timestamp", "%Y %Y"), "bad_date_format"),
        (Step("read_time", "$.timestamp", "%Y-%m-%d %H:%M %Z"), "bad_date_format"), (Step("read_time", "a", "%Y-%m-%d %"), "bad_date_format"),
        (Step("map", "a", ()), "bad_mapping_of_values"), (Step("map", "a", "1 -> 2"), "bad_mapping_of_values"),
        (Step("map", "", (("1", 2),)), "step_field_missing"), (Step("map_only", "a", (("1", 2), ("1", 3))), "value_mapped_twice"),
        (Step("map", "a", tuple((str(n), n) for n in range(101))), "too_many_pairs"), (Step("map", "$.customerId", (("1", 2),)), "bad_own_field"),
        (Step("read_time", "$.timestamp", "%Y-%m-%d @ Mars/Base"), "bad_time_zone"), (Step("read_time", "a", "%Y-%m-%d @ ../x"), "bad_time_zone"),
    ],
)  # fmt: skip
def test_steps_that_cannot_mean_anything_are_refused(step, code):
    with pytest.raises(Invalid) as refused:
        services.preview_repair(ALL, [step])
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("sent", "left", "refused"),
    [
        (1, "paid", "paid"), ("1", "paid", "paid"), (1.0, "paid", "paid"), (True, 0, 0), ("other", "other", None),
        (None, None, None), ([1], [1], None), ({"a": 1}, {"a": 1}, None),
    ],
)  # fmt: skip
def test_values_are_replaced_and_others_are_left_or_refused(sent, left, refused):
    message = {"type": "track", "properties": {"to": {"state": sent}}}
    pairs = (("1", "paid"), ("true", 0))

    def replaced(op):
        return apply_steps("track", message, [Step(op, "to.state", pairs)])["properties"]["to"]["state"]

    assert replaced("map") == left
    if refused is None:
        with pytest.raises(Invalid, match="not among those"):
            replaced("map_only")
    else:
        assert replaced("map_only") == refused
    assert apply_steps("track", message, [Step("map_only", "elsewhere", pairs)]) == message


def test_what_was_decided_about_leaves_after_its_time_and_its_keys_stay():
    register(total={"type": "number", "required": True})
    arrive(order(), order(), order())
    (first, second, _third) = sorted(one.id for one in list_quarantined(ALL))
    repair(Step("set", "total", 1), wanted=Selection(ids=(first,)))
    services.dismiss_quarantined(Selection(ids=(second,)), reason="test", actor_id=None, now=NOW + timedelta(days=1))
    assert drop_decided(NOW + timedelta(days=30)) == 0
    assert drop_decided(NOW + timedelta(days=30, seconds=1)) == 1
    assert count_states() == {"waiting": 1, "dismissed": 1}
    assert drop_decided(NOW + timedelta(days=400)) == 1
    assert count_states() == {"waiting": 1}, "what waits stays however old it is"
    arrive(order(), order(), order())
    assert count_states() == {"waiting": 1}, "what its sender repeats is known by its key"


def test_a_message_that_an_erasure_emptied_leaves_by_its_arrival():
    arrive(order())
    Quarantined.objects.update(state="dismissed", changed_at=None)
    assert drop_decided(ARRIVED + timedelta(days=30)) == 0
    assert drop_decided(ARRIVED + timedelta(days=30, seconds=1)) == 1


# --- the message's own fields ----------------------------------------------------------------------------------------
def waiting(name=None):
    return [found for one in list_quarantined(ALL) for found in one.findings if name in (None, one.name)]


@pytest.mark.parametrize(
    ("told", "steps", "at"),
    [
        ({"timestamp": 1772350200}, [Step("cast", "$.timestamp", "time")], HAPPENED),
        ({"timestamp": "1772350200123"}, [Step("cast", "$.timestamp", "time")], "2026-03-01T07:30:00.123Z"),
        ({"timestamp": "01/03/2026 15:30"}, [Step("read_time", "$.timestamp", "%d/%m/%Y %H:%M")], HAPPENED),  # ours: Shanghai
        ({"timestamp": "01.03.2026 07:30"}, [Step("read_time", "$.timestamp", "%d.%m.%Y %H:%M @ Europe/London")], HAPPENED),
        ({"timestamp": "2026/03/01 02:30 -0500"}, [Step("read_time", "$.timestamp", "%Y/%m/%d %H:%M %z")], HAPPENED),
        ({"timestamp": 202603011530}, [Step("read_time", "$.timestamp", "%Y%m%d%H%M")], HAPPENED),
        ({"timestamp": "yesterday", "properties": {"paid_at": HAPPENED}}, [Step("copy", "paid_at", "$.timestamp")], HAPPENED),
        ({"timestamp": "1970-01-01"}, [Step("drop", "$.timestamp")], ARRIVED.isoformat()),
        ({"timestamp": None, "originalTimestamp": "?"}, [Step("set", "$.timestamp", HAPPENED)], HAPPENED),
        ({"sentAt": "now"}, [Step("drop", "$.sentAt")], HAPPENED),
        ({"sentAt": "9999-12-31"}, [Step("drop", "$.sentAt")], HAPPENED),
    ],
)  # fmt: skip
def test_a_time_is_repaired(told, steps, at):
    arrive({**order(), **told}, order())
    bad = Selection(source="shop", code="bad_timestamp")
    assert repair(wanted=bad).passed == 0
    report = repair(*steps, wanted=bad)
    assert (report.looked_at, report.passed) == (1, 1), report
    (event,) = list_events_after(0, 10)
    assert event.at == datetime.fromisoformat(at) and event.received_at == NOW


@pytest.mark.parametrize(
    ("told", "steps", "user_id", "anonymous_id"),
    [
        ({"userId": None, "properties": {"member": {"no": 7}}}, [Step("copy", "member.no", "$.userId")], "7", None),
        ({"userId": None, "user_id": "u9"}, [Step("rename", "$.user_id", "$.userId")], "u9", None),
        ({"userId": ["u1", "u2"]}, [Step("copy", "$.userId.0", "$.userId")], "u1", None),
        ({"userId": {"id": "u1"}}, [Step("copy", "$.userId.id", "$.userId")], "u1", None),
        ({"userId": True, "anonymousId": "a1"}, [Step("cast", "$.userId", "string")], "true", "a1"),
        ({"userId": 1.5, "anonymousId": "a1"}, [Step("drop", "$.userId")], None, "a1"),
        ({"userId": "u" * 201, "anonymousId": "a1"}, [Step("drop", "$.userId")], None, "a1"),
        ({"userId": "", "anonymousId": "a" * 201}, [Step("set", "$.anonymousId", "till 3")], None, "till 3"),
        ({"messageId": "m" * 201}, [Step("drop", "$.messageId")], "u1", None),
        ({"messageId": {"id": "m"}}, [Step("copy", "$.messageId.id", "$.messageId")], "u1", None),
    ],
)  # fmt: skip
def test_an_id_is_repaired(told, steps, user_id, anonymous_id):
    arrive({**order(), **told})
    (row,) = list_quarantined(ALL)
    assert row.code in {"bad_id", "id_missing"} and repair().passed == 0
    assert repair(*steps).passed == 1
    (event,) = list_events_after(0, 10)
    assert (event.user_id, event.anonymous_id) == (user_id, anonymous_id)


@pytest.mark.parametrize("said", ["purchase", "Track", "", None, ["track"], 7])
def test_a_type_is_repaired_and_says_where_the_steps_below_it_look(said):
    arrive({"type": said, "event": "Seen", "traits": {"name": "林晚秋"}, "properties": {"level": "3"}})
    report = repair(
        Step("set", "$.type", "identify"), Step("copy", "$.properties.level", "level"), Step("cast", "level", "integer")
    )
    assert report.passed == 1
    (event,) = list_events_after(0, 10)
    assert (event.type, event.traits, event.personal) == ("identify", {"level": 3}, {"name": "林晚秋"})


def test_the_name_of_an_event_and_its_properties_are_found_where_they_were_put():
    arrive({"event": 7, "what": "Order Completed", "details": {"order_id": "A1"}, "properties": ["?"]})
    steps = [
        Step("rename", "$.what", "$.event"),
        Step("rename", "$.details", "$.properties"),
        Step("drop", "$.context"),
    ]
    assert repair(*steps).passed == 1
    (event,) = list_events_after(0, 10)
    assert (event.name, event.properties) == ("Order Completed", {"order_id": "A1"})


def test_which_field_does_not_fit_is_said():
    arrive({"messageId": ["m"]}, {"sentAt": "now"}, {"originalTimestamp": "x", "timestamp": None})
    assert sorted((found["code"], found["field"]) for found in waiting()) == [
        ("bad_id", "messageId"), ("bad_timestamp", "originalTimestamp"), ("bad_timestamp", "sentAt"),
    ]  # fmt: skip
    assert ("bad_id", "messageId", 1) in services.preview_repair(ALL, [Step("drop", "x")]).reasons


def test_a_mended_message_that_its_sender_has_sent_again_is_in_the_log_once():
    told = {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "m0-shop"}
    arrive({"timestamp": "01/03/2026 15:30"}, {"timestamp": "01/03/2026 15:30"})
    services.record_events([{**told, "timestamp": HAPPENED}], source="shop", received_at=ARRIVED)
    assert repair(Step("read_time", "$.timestamp", "%d/%m/%Y %H:%M")).passed == 2
    assert len(list_events_after(0, 10)) == 2 and count_states() == {"repaired": 2}
    # and the other way round: repaired first, sent again mended
    again = services.record_events(
        [{**told, "messageId": "m1-shop", "timestamp": HAPPENED}], source="shop", received_at=NOW
    )
    assert again.duplicates == 1


def test_messages_that_a_repair_makes_alike_are_still_as_many():
    arrive(*[{"messageId": f"{number}" * 201} for number in (1, 2, 3)])
    assert repair(Step("drop", "$.messageId")).passed == 3
    arrive(*[{"messageId": f"{number}" * 201} for number in (4, 5)])
    assert repair(Step("set", "$.messageId", "one")).passed == 2
    assert len(list_events_after(0, 10)) == 5


def test_steps_make_no_event_of_what_was_no_message():
    _drafts, misfits, _notes = parse_all(
        [7, "x", {}], source="shop", received_at=ARRIVED, check=None, are_values_safe=False, is_batch=True
    )
    write_deliveries([Delivery("shop", ARRIVED.date(), int(ARRIVED.timestamp() * 1000), [], misfits)])
    made_up = [Step("set", "$.type", "page"), Step("set", "$.userId", "u1")]
    assert repair(*made_up).reasons == (("bad_shape", "", 3),) and list_events_after(0, 10) == []


def test_those_without_a_type_or_name_are_a_group_of_their_own():
    arrive({"type": "", "event": ""}, {"type": "purchase", "event": ""}, {"type": "", "event": "Seen"})
    assert {(one.type, one.name, one.count) for one in list_groups()} == {
        ("", "", 1),
        ("purchase", "", 1),
        ("", "Seen", 1),
    }
    group = Selection(source="shop", code="bad_type", type="", name="")
    report = repair(Step("set", "$.type", "page"), wanted=group)
    assert (report.looked_at, report.passed, report.left) == (1, 1, 0)


@given(
    st.lists(
        st.builds(
            Step, st.sampled_from(STEP_OPS),
            st.sampled_from(["a", "a.b", "$.properties", "$.type", "$.userId", "$.context.traits", "$.a", "$.properties.a.0"]),
            st.sampled_from(["a.c", "$.userId", "$.properties", "$.type", "track", "time", "%Y-%m-%d", "$.context", 3, HAPPENED, (("x", 1),)]),
        ),
        max_size=4,
    ),
    st.fixed_dictionaries({}, optional={
        name: st.none() | st.integers() | st.text(max_size=3) | st.just([{"a": 1}]) | st.dictionaries(
            st.sampled_from(["a", "b", "traits"]), st.just("x") | st.just({"b": 1}) | st.just([1])
        )
        for name in ("type", "userId", "properties", "traits", "context", "timestamp", "a")
    }),
)  # fmt: skip
def test_steps_never_break_on_what_was_sent_and_leave_it_as_it_was(steps, message):
    before = msgspec.json.encode(message)
    try:
        check_steps(steps)
    except Invalid:
        return
    try:
        after = apply_steps("track", message, steps, zone="Asia/Shanghai")
    except Invalid as error:
        after = {}
        assert error.code == "value_not_mapped"
    assert msgspec.json.encode(message) == before and isinstance(after, dict)


def test_the_number_of_queries_does_not_grow_with_the_messages(django_assert_max_num_queries):
    register(total={"type": "number", "required": True})
    arrive(*[order() for _ in range(400)])
    with django_assert_max_num_queries(20, using=log_alias()):
        assert repair(Step("set", "total", 1)).passed == 400


def test_the_clock_of_the_sender_is_corrected_by_when_the_message_arrived():
    """Not by when it was repaired."""
    arrive({"timestamp": HAPPENED, "sentAt": "2026-03-01T07:31:00Z"})
    repair()
    (event,) = list_events_after(0, 10)
    assert event.at == ARRIVED - timedelta(minutes=1)


def test_corrections_are_kept_with_the_event():
    register(total={"type": "number", "required": True})
    arrive(order())
    repair(Step("set", "total", " 3 "))
    with connections[log_alias()].cursor() as cursor:
        cursor.execute("SELECT corrections FROM events_event")
        kept = cursor.fetchone()[0]
    found = msgspec.json.decode(kept) if isinstance(kept, str) else kept
    assert found[0]["code"] == "cast"
