"""The pages about what waits in quarantine. Roles see what is theirs; nothing personal is in clear."""

import re
from datetime import UTC, datetime

import pytest

from liebian.access.permissions import OPERATOR, VIEWER
from liebian.access.queries import list_audit
from liebian.events.inbox.quarantine import count_states
from liebian.events.queries import list_events_after
from liebian.events.reasons import FINDINGS, finding_text
from liebian.events.tests.test_inbox_pages import PHONE, client_of, text_of
from liebian.events.tests.test_quarantine import arrive, order, register

pytestmark = pytest.mark.django_db(databases="__all__")


class TestQuarantine:
    GROUP = {"source": "shop", "code": "field_missing", "type": "track", "name": "Order Completed"}

    def steps(self, *steps, **more):
        data = {**self.GROUP, "step-TOTAL_FORMS": 4, "step-INITIAL_FORMS": 0, **more}
        for number, (op, field, to) in enumerate(steps):
            data |= {f"step-{number}-op": op, f"step-{number}-field": field, f"step-{number}-to": to}
        return data

    def test_from_the_list_through_the_preview_into_the_log(self):
        register(total={"type": "number", "required": True})
        arrive(order(totl="1,280.50", phone=PHONE), order(totl="3"))
        bo = client_of(OPERATOR)
        page = text_of(bo.get("/quarantine"))
        assert "A required field is missing" in page
        (address,) = re.findall(r'href="(/quarantine/messages\?source=[^"]+)"', page)
        assert "Repair all 2" in text_of(bo.get(address.replace("&amp;", "&")))
        chosen = self.steps(("rename", "totl", "total"), ("cast", "total", "number"))
        tried = text_of(bo.post("/quarantine/repair", {**chosen, "act": "preview"}))
        assert "Put 2 messages into the log" in tried and PHONE not in tried and count_states() == {"waiting": 2}
        done = text_of(bo.post("/quarantine/repair", {**chosen, "act": "repair"}, follow=True))
        assert "2 messages are in the log now" in done and "Nothing waits" in done
        assert [event.properties["total"] for event in list_events_after(0, 10)] == [1280.5, 3]

    def test_one_message_is_masked_and_says_why_it_waits(self):
        register(total={"type": "number", "required": True})
        arrive(order(phone=PHONE))
        bo = client_of(OPERATOR)
        (address,) = re.findall(r'href="(/quarantine/\d+)"', text_of(bo.get("/quarantine/messages")))
        page = text_of(bo.get(address))
        assert "total is missing" in page and PHONE not in page and "138****6021" in page

    def test_replay_after_the_schema_has_changed(self):
        schema = register(total={"type": "number", "required": True})
        arrive(order())
        bo = client_of(OPERATOR)
        assert "still does not fit" in text_of(bo.post("/quarantine/replay", self.GROUP, follow=True))
        bo.post(f"/schemas/{schema.id}/switch", {"on": "0"})
        assert "is in the log now" in text_of(bo.post("/quarantine/replay", self.GROUP, follow=True))

    def test_dismissing_asks_for_the_reason(self):
        register(total={"type": "number", "required": True})
        arrive(order())
        bo = client_of(OPERATOR)
        assert "Dismiss 1 message?" in text_of(bo.get("/quarantine/dismiss", self.GROUP))
        assert bo.post("/quarantine/dismiss", self.GROUP).status_code == 422
        assert "1 message is dismissed" in text_of(
            bo.post("/quarantine/dismiss", {**self.GROUP, "reason": "test"}, follow=True)
        )

    @pytest.mark.parametrize("query", ["id=x", "id=99999999999999999999999", "", "id=5&id=%00", "before=%F0%9D%9F%8E"])
    def test_made_up_selections_mean_nothing_rather_than_everything(self, query):
        arrive(order())
        bo = client_of(OPERATOR)
        assert bo.get(f"/quarantine/repair?{query}").status_code == 200
        assert bo.get(f"/quarantine/messages?{query}").status_code == 200
        data = {"id": "x"} if query.startswith("id") else {}
        bo.post("/quarantine/dismiss", {**data, "reason": "r"})
        assert count_states() == {"waiting": 1}

    def test_a_wrong_step_is_explained(self):
        arrive(order())
        answer = client_of(OPERATOR).post("/quarantine/repair", self.steps(("cast", "total", "colour")))
        assert answer.status_code == 422 and "not a type of a field" in text_of(answer)

    def test_a_time_and_an_owner_are_repaired_on_the_page(self):
        register(total={"type": "number"})
        arrive({**order(member=PHONE, total=3), "timestamp": "01/03/2026 15:30", "userId": None, "anonymousId": "a1"})
        bo = client_of(OPERATOR)
        (address,) = re.findall(r'href="(/quarantine/repair\?source=[^"]+)"', text_of(bo.get("/quarantine")))
        page = text_of(bo.get(address.replace("&amp;", "&")))
        for words in (
            "timestamp: A time cannot be read",
            "$.userId or $.timestamp",
            "%Y%m%d @ Europe/London",
            'value="$.sentAt"',
        ):
            assert words in page
        chinese = text_of(bo.get(address.replace("&amp;", "&"), HTTP_ACCEPT_LANGUAGE="zh-hans"))
        assert (
            "以 $. 开头的是消息本身的字段" in chinese
            and "如 %d/%m/%Y %H:%M；" in chinese
            and "按格式读取时间" in chinese
        )
        chosen = self.steps(
            ("read_time", "$.timestamp", "%d/%m/%Y %H:%M"), ("copy", "member", "$.userId"), code="bad_timestamp"
        )
        tried = text_of(bo.post("/quarantine/repair", {**chosen, "act": "preview"}))
        assert "2026-03-01T07:30:00.000Z" in tried and "Put 1 message into the log" in tried and PHONE not in tried
        done = text_of(bo.post("/quarantine/repair", {**chosen, "act": "repair"}, follow=True))
        assert "1 message is in the log now" in done
        (event,) = list_events_after(0, 10)
        assert (event.at, event.user_id) == (datetime(2026, 3, 1, 7, 30, tzinfo=UTC), PHONE)
        (entry,) = (one for one in list_audit(limit=10) if one.action == "quarantine.repaired")
        assert entry.details["steps"] == ["read_time $.timestamp %d/%m/%Y %H:%M", "copy member $.userId"]

    def test_values_are_replaced_on_the_page_after_they_were_tried(self):
        register(state={"type": "string", "required": True, "one_of": ["paid", "refunded"]})
        arrive(order(state=1), order(state="2"), order(state="lost"))
        bo = client_of(OPERATOR)
        pairs = "1 -> paid; 2 → refunded"
        steps = self.steps(("map_only", "state", pairs), source="shop", code="", type="track")
        tried = text_of(bo.post("/quarantine/repair", {**steps, "act": "preview"}))
        assert "Put 2 messages into the log" in tried
        assert "state: A value is not among those that the repair replaces" in tried and count_states() == {
            "waiting": 3
        }
        bo.post("/quarantine/repair", {**steps, "act": "repair"})
        assert [event.properties["state"] for event in list_events_after(0, 10)] == ["paid", "refunded"]
        (entry,) = (one for one in list_audit(limit=10) if one.action == "quarantine.repaired")
        assert entry.details["steps"] == ["map_only state (2 values)"]
        wrong = self.steps(("map", "state", "1 paid"))
        assert "Write each pair as old -&gt; new" in text_of(bo.post("/quarantine/repair", wrong))

    @pytest.mark.parametrize(
        ("step", "words"),
        [
            (("set", "$.customerId", "7"), "has no field '$.customerId' of its own"), (("set", "$.type", "day"), "is not one of"),
            (("read_time", "$.timestamp", "dd/mm/yyyy"), "is no date format"),
            (("read_time", "$.timestamp", "%d/%m/%Y @ Mars"), "is not a time zone"),
        ],
    )  # fmt: skip
    def test_what_a_step_cannot_do_to_the_message_itself_is_explained(self, step, words):
        arrive(order())
        answer = client_of(OPERATOR).post("/quarantine/repair", self.steps(step), HTTP_ACCEPT_LANGUAGE="en")
        assert answer.status_code == 422 and words in text_of(answer).replace("&#x27;", "'")

    def test_a_message_without_type_and_name_can_be_opened(self):
        arrive({"type": "", "event": ""})
        bo = client_of(OPERATOR)
        (address,) = re.findall(r'href="(/quarantine/messages\?source=[^"]+)">—', text_of(bo.get("/quarantine")))
        assert "type=&amp;name=" in address
        page = text_of(bo.get(address.replace("&amp;", "&")))
        (one,) = re.findall(r'href="(/quarantine/\d+)">—', page)
        assert "The type of the message is not known" in text_of(bo.get(one))
        bo.post("/quarantine/replay", {"source": "shop", "code": "bad_type", "type": "", "name": ""})
        assert count_states() == {"waiting": 1}

    def test_a_viewer_may_look_only(self):
        arrive(order())
        lin = client_of(VIEWER)
        assert lin.get("/quarantine").status_code == 200
        assert lin.post("/quarantine/replay", {"source": "shop"}).status_code == 403


@pytest.mark.parametrize("code", sorted(FINDINGS))
def test_every_finding_has_words(code):
    args = {
        "from": "string",
        "to": "number",
        "found": "string",
        "expected": "number",
        "one_of": ["a"],
        "min": 1,
        "max": 2,
    }
    text = finding_text({"code": code, "field": "total", "args": args})
    assert "%(" not in text and code not in text
