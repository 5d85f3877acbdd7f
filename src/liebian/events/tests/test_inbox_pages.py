"""The pages about what arrives: sources, live, schemas, lists. Roles see what is theirs; nothing personal is in clear."""

import re
from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.test import Client

from liebian.access.permissions import ADMINISTRATOR, OPERATOR, VIEWER
from liebian.access.tests.factories import make_user
from liebian.core import clock, crypto, keyset
from liebian.core.days import day_of
from liebian.events import services
from liebian.events.checks import load_checks
from liebian.events.inbox.live import LOOKED_AT, Filter, get_position, list_arrivals
from liebian.events.inbox.masks import masked
from liebian.events.inbox.schemas import learn_schema, list_schemas
from liebian.events.inbox.sources import get_source, list_source_details
from liebian.events.models import Event, RefusedRequest, SourceDay
from liebian.events.queries import REFUSED_CONTEXT, list_events_after
from liebian.events.tests.test_quarantine import arrive, order, register

pytestmark = pytest.mark.django_db(databases="__all__")
ARRIVED = datetime(2026, 3, 1, 8, tzinfo=UTC)
PHONE = "13812346021"


def client_of(role, **more):
    client = Client(HTTP_ACCEPT_LANGUAGE="en", **more)
    client.force_login(make_user(role))
    return client


def text_of(response):
    return re.sub(r"\s+", " ", response.content.decode())


def sent(name="Order Completed", source="shop", **more):
    message = {"type": "track", "event": name, "userId": "u1", "timestamp": ARRIVED.isoformat(), **more}
    services.record_events([message], source=source, received_at=clock.now())


def position():
    return get_position(day_of(clock.now(), settings.TIME_ZONE))


class TestSources:
    def test_the_last_event_of_a_source_is_known_after_it_has_left_the_database(self):
        services.create_source(name="till", now=ARRIVED)
        SourceDay.objects.create(source="till", day=ARRIVED.date(), accepted=3)
        SourceDay.objects.create(source="till", day=date(2026, 3, 9), refused=1)
        lin = client_of(VIEWER)
        page = text_of(lin.get("/sources"))
        assert "1 Mar 2026" in page and "Not yet" not in page
        sent(source="till")
        assert "1 Mar 2026" not in text_of(lin.get("/sources"))

    def test_a_source_shows_its_newest_problems_and_not_those_of_others(self):
        for name in ("app", "shop"):
            services.create_source(name=name, now=ARRIVED)
        register(total={"type": "number", "required": True})
        arrive(order(), source="shop")
        details = {one.name: one for one in list_source_details()}
        lin = client_of(VIEWER)
        assert "total is missing" in text_of(lin.get(f"/sources/{details['shop'].id}"))
        assert "total is missing" not in text_of(lin.get(f"/sources/{details['app'].id}"))

    def test_a_repeat_moves_the_live_page_though_it_leaves_no_row(self):
        before = position()
        SourceDay.objects.create(source="app", day=day_of(clock.now(), settings.TIME_ZONE), duplicates=1)
        assert position() != before

    def test_an_administrator_sets_limits_and_gives_a_new_key(self):
        mei = client_of(ADMINISTRATOR)
        mei.post("/sources/new", {"name": "web shop"})
        (source,) = list_source_details()
        mei.post(f"/sources/{source.id}/change", {
            "allowed_origins": "https://shop.example/\n\nhttps://m.shop.example", "events_per_second": "500",
            "unknown_events": "quarantine",
        })  # fmt: skip
        changed = get_source(source.id)
        assert changed.allowed_origins == ("https://shop.example", "https://m.shop.example")
        assert (changed.events_per_second, changed.unknown_events) == (500, "quarantine")
        mei.post(f"/sources/{source.id}/key")
        key = get_source(source.id).write_key
        assert key != source.write_key and key in text_of(mei.get(f"/sources/{source.id}"))

    @pytest.mark.parametrize(
        "origin",
        [
            "shop.example",
            "javascript:alert(1)",
            "https://a b",
            "https://shop.example/path",
            "*",
            "https://*.shop.example",
        ],
    )
    def test_what_is_no_origin_is_refused_at_the_field(self, origin):
        source = services.create_source(name="shop", now=ARRIVED)
        answer = client_of(ADMINISTRATOR).post(
            f"/sources/{source.id}/change", {"allowed_origins": origin, "unknown_events": "allow"}
        )
        assert answer.status_code == 422 and "is not an origin" in text_of(answer)
        assert get_source(source.id).allowed_origins == ()

    @pytest.mark.parametrize("role", [OPERATOR, VIEWER])
    def test_others_see_no_key(self, role):
        source = services.create_source(name="shop", now=ARRIVED)
        other = client_of(role)
        for path in ("/sources", f"/sources/{source.id}", "/sources/live"):
            page = other.get(path)
            assert page.status_code == 200 and source.write_key not in text_of(page)
        assert other.post(f"/sources/{source.id}/key").status_code == 403

    def test_the_week_is_counted(self):
        source = services.create_source(name="shop", now=ARRIVED)
        SourceDay.objects.create(source="shop", day=clock.now().date(), accepted=1234, refused=7)
        page = text_of(client_of(VIEWER).get(f"/sources/{source.id}"))
        assert "1,234" in page and "kind=refused&amp;source=shop" in page


class TestLive:
    def test_every_outcome_is_shown_with_its_reason_in_the_readers_language(self):
        register(total={"type": "number", "required": True})
        arrive(order())
        sent(name="Viewed")
        Event.objects.update(
            corrections=[{"code": "cast", "field": "total", "args": {"from": "string", "to": "number"}}]
        )
        RefusedRequest.objects.create(source="shop", received_ms=1, status=400, code="bad_json")
        lin = client_of(VIEWER)
        page = text_of(lin.get("/sources/live"))
        assert (
            "total is missing" in page
            and "total was text and was made number" in page
            and "The body is not JSON" in page
        )
        chinese = text_of(lin.get("/sources/live", HTTP_ACCEPT_LANGUAGE="zh-hans"))
        assert "缺少 total" in chinese and "total 由文本改为数字" in chinese and "请求体不是 JSON" in chinese

    def test_a_poll_answers_only_when_something_arrived(self):
        sent()
        lin = client_of(VIEWER)
        poll = {"HTTP_HX_REQUEST": "true"}
        assert lin.get("/sources/live", {"at": position()}, **poll).status_code == 204
        before = position()
        sent(name="Fresh")
        answer = lin.get("/sources/live", {"at": before}, **poll)
        assert "Fresh" in text_of(answer) and "<html" not in text_of(answer)
        assert f"at={position()}" in text_of(answer)
        assert "every 1s" not in text_of(lin.get("/sources/live", {"paused": "1"}))

    def test_filters(self):
        sent(name="Viewed", source="app")
        sent(name="Bought", source="shop")
        assert [one.name for one in list_arrivals(Filter(source="app"))] == ["Viewed"]
        assert [one.name for one in list_arrivals(Filter(name="boug"))] == ["Bought"]
        assert list_arrivals(Filter(kind="refused")) == []
        page = text_of(client_of(VIEWER).get("/sources/live?kind=nonsense"))
        assert "Bought" in page

    def test_what_the_product_reports_itself_does_not_arrive(self):
        services.record_outcomes(
            [{"event": "Reward Issued", "cause": ("r", 1), "customer_id": 1, "at": ARRIVED, "properties": {}}]
        )
        services.record_day(day=ARRIVED.date(), now=ARRIVED)
        assert list_arrivals(Filter()) == []
        assert client_of(VIEWER).get(f"/sources/live/events/{list_events_after(0, 1)[0].id}").status_code == 404

    def test_a_poll_reads_little_however_long_the_log_is(self, django_assert_max_num_queries):
        with django_assert_max_num_queries(7, using=Event.objects.db):
            position()
            list_arrivals(Filter())
        assert LOOKED_AT <= 1000

    def test_an_opened_event_is_masked(self):
        sent(properties={"phone": PHONE, "note": f"call {PHONE} or a.b@example.com"}, userId=PHONE)
        (event,) = list_events_after(0, 10)
        page = text_of(client_of(ADMINISTRATOR).get(f"/sources/live/events/{event.id}"))
        assert PHONE not in page and "a.b@example.com" not in page and "138****6021" in page

    def test_a_throttled_source_looks_throttled_and_repeats_are_told_by_source(self):
        today = day_of(clock.now(), settings.TIME_ZONE)
        shop = services.create_source(name="shop", now=ARRIVED)
        services.create_source(name="till", now=ARRIVED)
        SourceDay.objects.create(source="shop", day=today, accepted=1, throttled=1234)
        SourceDay.objects.create(source="till", day=today, accepted=1, duplicates=17)
        before = position()
        SourceDay.objects.filter(source="shop").update(throttled=1235)
        assert position() != before
        lin = client_of(VIEWER)
        live = text_of(lin.get("/sources/live"))
        assert "Repeats today: till 17<" in live and "(429, 503): shop 1,235<" in live
        assert "shop 1,235" not in text_of(lin.get("/sources/live?source=till"))
        assert "1,235 asked to come again" in text_of(lin.get("/sources"))
        page = text_of(lin.get(f"/sources/{shop.id}"))
        assert "1,235" in page and "Nothing went wrong" not in page

    def test_what_a_message_says_of_itself_is_shown(self):
        services.record_events(
            [
                {"type": "page", "name": "Tea", "category": "Shop window", "userId": "u1"},
                {"type": "group", "groupId": "g-77", "userId": "u1"},
                {"type": "alias", "previousId": PHONE, "userId": "u1"},
            ],
            source="shop", received_at=clock.now(),
        )  # fmt: skip
        lin = client_of(VIEWER)
        pages = [text_of(lin.get(f"/sources/live/events/{event.id}")) for event in list_events_after(0, 10)]
        for page, words in zip(pages, ("Shop window", "g-77", "138****6021"), strict=True):
            assert words in page and PHONE not in page

    @pytest.mark.parametrize(
        ("body", "shown", "hidden"),
        [
            (f'{{"event": "Paid", "traits": {{"name": "林晚秋", "phone": "{PHONE}"}}, "properties": {{"total": 12,}}}}',
             ["Paid", "林*秋", "138****6021", "total&quot;: 12", "What follows could not be read"], ["林晚秋", PHONE]),
            ('{"writeKey": "abcdefghij", "event": "Paid"} and 王芳', ["abcd****", "Paid"], ["abcdefghij", "王芳"]),
            (f"name=王芳&phone={PHONE}", ["…=…&amp;…=…", "It could not be read"], ["王芳", PHONE]),
            ('{"event": "Paid", "traits": {"name": "林晚秋"}, "note": "' + "x" * 1990 + "王芳", ["Paid", "林*秋"], ["林晚秋", "王芳", "xxx"]),
            ('{"a": "\\ud800", "b": ' + "[" * 900, ["&quot;a&quot;"], []), ("[" * 2000, ["[[[["], []), ("13812346021", ["…"], [PHONE]),
        ],
    )  # fmt: skip
    def test_the_beginning_of_a_refused_body_is_shown_masked(self, body, shown, hidden):
        sealed = crypto.seal(body, context=REFUSED_CONTEXT)
        row = RefusedRequest.objects.create(source="shop", received_ms=1, status=400, code="bad_json", excerpt=sealed)
        page = text_of(client_of(ADMINISTRATOR).get(f"/sources/live/refused/{row.pk}"))
        assert [words for words in shown if words not in page] == []
        assert [words for words in hidden if words in page] == []

    def test_a_cut_body_and_an_empty_one_are_told_apart(self):
        long, empty = (
            RefusedRequest.objects.create(source="shop", received_ms=1, status=400, code="bad_json", excerpt=excerpt)
            for excerpt in (crypto.seal("[" + "1," * 1024, context=REFUSED_CONTEXT), None)
        )
        lin = client_of(VIEWER)
        assert "Only the first 2 KB were kept" in text_of(lin.get(f"/sources/live/refused/{long.pk}"))
        assert "Nothing of it was kept" in text_of(lin.get(f"/sources/live/refused/{empty.pk}"))

    def test_an_empty_installation_shows_how_to_send_the_first_event(self):
        services.create_source(name="shop", now=ARRIVED)
        page = text_of(client_of(ADMINISTRATOR).get("/sources/live"))
        assert "curl" in page and list_source_details()[0].write_key in page


def test_masks_at_any_depth():
    shown = masked(
        {
            "userId": PHONE, "traits": {"name": "林晚秋", "firstName": "Anna"}, "context": {"ip": "1.2.3.4"},
            "properties": {"products": [{"name": "Tea", "phone": 13812346021}], "number": 13812346021, "count": 3, "n": 1.5,
                           "shipping": {"address": "West Lake Road 1"}, "card": "330106199001011234"},
        }
    )  # fmt: skip
    text = str(shown)
    for secret in (PHONE, "林晚秋", "Anna", "1.2.3.4", "West Lake", "330106199001011234"):
        assert secret not in text
    assert shown["properties"]["products"][0]["name"] == "Tea" and shown["properties"]["count"] == 3


class TestSchemas:
    def form(self, *rows, **more):
        data = {"type": "track", "name": "Order Completed", "corrects": "on", "other_fields": "on", **more}
        data |= {"field-TOTAL_FORMS": len(rows), "field-INITIAL_FORMS": 0}
        for number, row in enumerate(rows):
            data |= {f"field-{number}-{key}": value for key, value in {"type": "string", **row}.items()}
        return data

    def test_learn_register_and_change(self):
        for total in (3, 2.5):
            sent(properties={"total": total, "phone": PHONE, "shipping": {"city": "Hangzhou"}}, messageId=str(total))
        bo = client_of(OPERATOR)
        assert "Learn" in text_of(bo.get("/schemas"))
        page = text_of(bo.get("/schemas/new?type=track&name=Order+Completed"))
        for expected in ('value="shipping.city"', 'value="total"', 'value="phone"', "in 2 of 2 events"):
            assert expected in page
        assert PHONE not in page and "Hangzhou" not in page
        bo.post(
            "/schemas/new", self.form({"path": "total", "type": "number", "required": "on", "min": "0"}, {"path": ""})
        )
        (schema,) = list_schemas()
        assert [(rule.path, rule.type, rule.required, rule.min) for rule in schema.rules] == [
            ("total", "number", True, 0)
        ]
        changed = self.form({"path": "currency", "one_of": "CNY, USD"}, version="1")
        assert bo.post(f"/schemas/{schema.id}", changed).status_code == 302
        assert bo.post(f"/schemas/{schema.id}", changed).status_code == 422  # version 1 is no longer the newest
        (schema,) = list_schemas()
        assert schema.version == 2 and schema.rules[0].one_of == ("CNY", "USD")

    def test_more_rows_keep_what_was_typed_and_save_nothing(self):
        page = text_of(client_of(OPERATOR).post("/schemas/new", self.form({"path": "total"}, act="rows")))
        assert 'value="total"' in page and "field-6-path" in page and list_schemas() == []

    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            ([{"path": "a"}, {"path": "a"}], "is there twice"), ([{"path": "a"}, {"path": "a.b"}], "must be an object"),
            ([{"path": "a..b"}], "not the name of a field"), ([{"path": "a", "type": "number", "one_of": "x"}], "of its type"),
            ([{"path": "a", "type": "boolean", "min": "1"}], "no smallest"),
            ([{"path": "a", "type": "number", "min": "2", "max": "1"}], "above the largest"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_explained(self, rows, words):
        answer = client_of(OPERATOR).post("/schemas/new", self.form(*rows))
        assert answer.status_code == 422 and words in text_of(answer) and list_schemas() == []

    def test_switching_off_lets_events_in(self):
        schema = register(total={"type": "number", "required": True})
        client_of(OPERATOR).post(f"/schemas/{schema.id}/switch", {"on": "0"})
        assert load_checks().check("track", "Order Completed", {})[2] == []

    def test_a_viewer_reads_and_changes_nothing(self):
        schema = register(total={"type": "number", "required": True})
        lin = client_of(VIEWER)
        assert "total" in text_of(lin.get(f"/schemas/{schema.id}"))
        lin.post(f"/schemas/{schema.id}", self.form({"path": "x"}))
        assert list_schemas() == [schema]

    def test_only_what_was_sent_there_is_proposed_and_whatever_is_required_fits(self):
        for number in range(20):
            sent(
                messageId=f"m{number}", context={"traits": {"name": "林晚秋", "phone": PHONE}, "ip": "1.2.3.4"},
                properties={"total": number, "shipping": {"city": "杭州", "receiver": {"name": "王芳", "phone": PHONE}}},
            )  # fmt: skip
        learned = {field.rule.path: field.rule.required for field in learn_schema(type="track", name="Order Completed")}
        assert learned == {
            "total": True, "shipping.city": True, "shipping.receiver.name": True, "shipping.receiver.phone": True,
        }  # fmt: skip
        rules = [field.rule for field in learn_schema(type="track", name="Order Completed")]
        services.save_schema(
            type="track",
            name="Order Completed",
            rules=rules,
            corrects=True,
            other_fields=False,
            actor_id=None,
            now=ARRIVED,
        )
        again = {"total": 3, "shipping": {"city": "杭州", "receiver": {"name": "王芳", "phone": PHONE}}}
        assert load_checks().check("track", "Order Completed", {"properties": again})[2] == []

    def test_traits_of_a_group_are_learnt_from_where_they_were_sent(self):
        for number in range(20):
            services.record_events(
                [{"type": "group", "groupId": "g", "userId": "u1", "messageId": f"g{number}", "timestamp": ARRIVED.isoformat(),
                  "traits": {"name": "Tea Ltd", "size": number}, "context": {"ip": "1.2.3.4"}}],
                source="shop", received_at=ARRIVED,
            )  # fmt: skip
        learned = {field.rule.path: field.rule.required for field in learn_schema(type="group", name="")}
        assert learned == {"name": True, "size": True}

    def test_pages_screens_and_groups_arrive_without_a_schema_too(self):
        services.record_events(
            [{"type": "page", "name": "Tea", "userId": "u"}, {"type": "screen", "name": "Cart", "userId": "u"}, {"type": "group", "groupId": "g", "userId": "u"}],
            source="shop", received_at=clock.now(),
        )  # fmt: skip
        bo = client_of(OPERATOR)
        page = text_of(bo.get("/schemas"))
        for kind, name in (("page", "Tea"), ("screen", "Cart"), ("group", "")):
            assert f"/schemas/new?type={kind}&amp;name={name}" in page
        register(name="", kind="page")
        page = text_of(bo.get("/schemas"))
        assert "type=page" not in page.replace('value="page"', "") and "type=screen" in page


class TestLists:
    """Filter, sort and place of a list live in its address."""

    def links(self, page, kind):
        return re.findall(rf'class="lb-door" href="/{kind}/\d+">([^<]+)<', page)

    def walk(self, client, address, kind):
        """The names on each page, following Next."""
        pages = []
        while address and len(pages) < 9:
            page = text_of(client.get(address))
            pages.append(self.links(page, kind))
            found = re.findall(r'href="([^"]+)" rel="next"', page)
            address = f"/{kind}{found[0].replace('&amp;', '&')}" if found else ""
        return pages

    @pytest.fixture(autouse=True)
    def short_pages(self, monkeypatch):
        monkeypatch.setattr("liebian.events.views.tables.page_of.__defaults__", (2,))
        monkeypatch.setattr("liebian.events.views.quarantine.PAGE", 2)

    def test_sources(self):
        for name, accepted in (("anna", 5), ("Bea", 5), ("carl", 9)):
            source = services.create_source(name=name, now=ARRIVED)
            SourceDay.objects.create(source=name, day=day_of(clock.now(), settings.TIME_ZONE), accepted=accepted)
        services.set_source_enabled(source_id=source.id, is_enabled=False, actor_id=None, now=ARRIVED)
        lin = client_of(VIEWER)
        assert self.walk(lin, "/sources", "sources") == [["anna", "Bea"], ["carl"]]
        assert self.walk(lin, "/sources?order=turned", "sources") == [["carl", "Bea"], ["anna"]]
        assert self.walk(lin, "/sources?sort=events", "sources") == [["carl", "anna"], ["Bea"]]
        assert self.walk(lin, "/sources?sort=events&order=turned", "sources") == [["Bea", "anna"], ["carl"]]
        assert self.walk(lin, "/sources?q=B&state=on", "sources") == [["Bea"]]
        assert self.walk(lin, "/sources?state=off", "sources") == [["carl"]]
        assert "No source is like that" in text_of(lin.get("/sources?q=nobody"))
        assert lin.get("/sources?sort=x&after=made-up").status_code == 422

    def test_a_list_that_is_turned_round_goes_on_where_its_page_ended(self):
        for name in "abcde":
            services.create_source(name=name, now=ARRIVED)
        assert self.walk(client_of(VIEWER), "/sources?order=turned", "sources") == [["e", "d"], ["c", "b"], ["a"]]

    def test_schemas(self):
        for name in ("Paid", "Seen", "Left"):
            schema = register(name=name)
        services.set_schema_enabled(schema_id=schema.id, is_enabled=False, actor_id=None, now=clock.now())
        lin = client_of(VIEWER)
        assert self.walk(lin, "/schemas", "schemas") == [["Left", "Paid"], ["Seen"]]
        assert self.walk(lin, "/schemas?sort=changed", "schemas")[0][0] == "Left"
        assert self.walk(lin, "/schemas?q=see&type=track&state=on", "schemas") == [["Seen"]]
        assert "No schema is like that" in text_of(lin.get("/schemas?type=page"))

    def groups(self, client, address):
        pages = []
        while address and len(pages) < 9:
            page = text_of(client.get(address))
            pages.append(re.findall(r'href="/quarantine/messages\?source=[^"]+">([^<]+)<', page))
            found = re.findall(r'href="([^"]+)" rel="next"', page)
            address = f"/quarantine{found[0].replace('&amp;', '&')}" if found else ""
        return pages, page

    def test_groups_of_the_quarantine_have_no_end(self):
        arrive(*[{"event": name} for name in ("b", "b", "b", "a", "c", "d", "d")], source="shop")
        arrive({"event": "a"}, source="till")
        lin = client_of(VIEWER)
        pages, last = self.groups(lin, "/quarantine")
        assert pages == [["b", "d"], ["a", "c"], ["a"]] and "5 in all" in last
        assert self.groups(lin, "/quarantine?sort=count&order=turned")[0] == [["a", "c"], ["a", "d"], ["b"]]
        assert self.groups(lin, "/quarantine?sort=name")[0] == [["a", "a"], ["b", "c"], ["d"]]
        assert self.groups(lin, "/quarantine?sort=source&order=turned")[0] == [["a", "a"], ["b", "c"], ["d"]]
        assert self.groups(lin, "/quarantine?source=till")[0] == [["a"]]
        assert self.groups(lin, "/quarantine?q=D&code=unknown_event")[0] == [["d"]]
        assert "Nothing that waits is like that" in self.groups(lin, "/quarantine?q=zz")[1]
        for broken in ("made-up", keyset.encode("x", "a", "b", "c", "d"), keyset.encode(2**70, "a", "b", "c", "d")):
            assert lin.get("/quarantine", {"after": broken}).status_code == 422
