from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.access import queries, services
from liebian.access.models import AuditEntry, AuditHead
from liebian.access.permissions import OPERATOR, VIEWER
from liebian.access.tests.factories import NOW, make_user
from liebian.core.errors import Invalid, NotAllowed

pytestmark = pytest.mark.django_db(databases="__all__")
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
details = st.dictionaries(
    words, st.one_of(words, st.integers(-(2**60), 2**60), st.booleans(), st.none(), st.lists(words))
)


def record(action="segment.published", **changes):
    return services.record_audit(**{"actor_id": 1, "action": action, "subject": "segment:1", "now": NOW} | changes)


def test_entries_follow_each_other_and_the_chain_is_whole():
    first, second = record(), record(actor_id=None, reason="  monthly clean-up ")
    assert (first.id, second.id) == (1, 2)
    assert second.previous_hash == first.hash
    assert second.reason == "monthly clean-up"
    assert queries.verify_audit_chain() == queries.ChainReport(checked=2)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(details, min_size=1, max_size=3), st.integers(0, 10**6))
def test_whatever_is_recorded_verifies_after_the_database_returned_it(all_details, microseconds):
    for inner in all_details:
        record(details=inner, now=NOW + timedelta(microseconds=microseconds))
    assert queries.verify_audit_chain().is_whole


@pytest.mark.parametrize("act", [lambda rows: rows.update(reason="nothing"), lambda rows: rows._raw_delete("default")])
def test_the_database_refuses_to_change_or_remove_an_entry(act):
    entry = record()
    with pytest.raises((IntegrityError, DatabaseError), match="append-only"), transaction.atomic():
        act(AuditEntry.objects.filter(pk=entry.id))
    assert queries.verify_audit_chain().is_whole


@pytest.mark.parametrize(
    ("tamper", "broken_at"),
    [
        ("UPDATE access_audit_entry SET reason = 'harmless' WHERE id = 2", 2),
        ("UPDATE access_audit_entry SET actor_id = 9 WHERE id = 1", 1),
        ("DELETE FROM access_audit_entry WHERE id = 2", 2),
        ("DELETE FROM access_audit_entry WHERE id = 3", 3),
        ("DELETE FROM access_audit_entry", 1),
    ],
)
def test_whoever_gets_round_the_triggers_is_found(tamper, broken_at):
    for _entry in range(3):
        record()
    with connection.cursor() as cursor:
        for act in ("update", "delete"):
            on = "" if connection.vendor == "sqlite" else " ON access_audit_entry"
            cursor.execute(f"DROP TRIGGER access_audit_entry_no_{act}{on}")
        cursor.execute(tamper)
    assert queries.verify_audit_chain().broken_at == broken_at


def test_details_that_would_come_back_different_are_refused():
    with pytest.raises(TypeError, match=r"0\.1"):
        record(details={"share": 0.1})
    with pytest.raises(TypeError, match="text keys"):
        record(details={"rows": [{1: "one"}]})
    assert queries.list_audit() == []


def test_the_list_is_newest_first_and_pages_by_key():
    made = [record(subject=f"segment:{number}", actor_id=number % 2).id for number in range(5)]
    page = queries.list_audit(limit=2)
    assert [entry.id for entry in page] == made[:2:-1]
    assert [entry.id for entry in queries.list_audit(before=page[-1].id)] == made[2::-1]
    assert [entry.id for entry in queries.list_audit(actor_id=1)] == [4, 2]
    assert [entry.id for entry in queries.list_audit(subject="segment:3")] == [4]
    assert queries.list_audit_actions() == ["segment.published"]


def test_a_reveal_names_person_field_and_reason():
    bo = make_user(OPERATOR)
    services.log_reveal(actor=bo, subject="customer:7", field="phone", reason="Parcel came back", now=NOW)
    entry = queries.list_audit(action="personal_data.revealed")[0]
    assert (entry.actor_id, entry.subject, entry.reason) == (bo.pk, "customer:7", "Parcel came back")
    assert entry.details == {"field": "phone"}


@pytest.mark.parametrize("reason", ["", "   ", "\n\t", "\x00"])
def test_a_reveal_without_a_reason_is_refused(reason):
    bo = make_user(OPERATOR)
    with pytest.raises(Invalid) as refusal:
        services.log_reveal(actor=bo, subject="customer:7", field="phone", reason=reason, now=NOW)
    assert refusal.value.code == "reason_missing"
    assert queries.list_audit(action="personal_data.revealed") == []


def test_a_reveal_with_an_endless_reason_is_refused():
    with pytest.raises(Invalid) as refusal:
        services.log_reveal(actor=make_user(OPERATOR), subject="customer:7", field="phone", reason="x" * 501, now=NOW)
    assert refusal.value.code == "reason_too_long"


def test_a_viewer_reveals_nothing():
    with pytest.raises(NotAllowed):
        services.log_reveal(actor=make_user(VIEWER), subject="customer:7", field="phone", reason="Curious", now=NOW)
    assert queries.list_audit(action="personal_data.revealed") == []


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_parallel_writers_make_one_chain():
    start, errors = Barrier(8), []

    def write():
        try:
            start.wait()
            for _entry in range(5):
                record()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=write) for _writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert queries.verify_audit_chain() == queries.ChainReport(checked=40)
    assert AuditHead.objects.get().last_id == 40
