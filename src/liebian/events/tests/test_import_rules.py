"""Every row is accounted for, once; cancellations take back what was bought, never more."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liebian.core.errors import Invalid
from liebian.events.imports import files, mapping, reading
from liebian.events.imports.rules import Bought, TakenBack, match_cancellations
from liebian.events.imports.types import REASONS
from liebian.events.tests.files import HEADER, UCI, code_of, csv_text, judge, line, write

START = datetime(2011, 7, 1, 10)


def test_each_reason(tmp_path):
    rows = {
        "bad_row": [*line(), "one cell too many"],
        "no_order_id": line(order=" "),
        "bad_id": line(order="9" * 101),
        "no_customer": line(customer="", product="POST"),
        "adjustment": line(product="bank charges", price="0"),
        "bad_time": line(at="soon", price="x"),
        "bad_amount": line(quantity="1.5", at="2099-01-01"),
        "future": line(at="2099-01-01", price="0"),
        "zero_or_negative_price": line(price="0"),
        "duplicate": line(),
        "order_conflict": line(customer="99999"),
        "cancellation_unmatched": line(order="C1", quantity=-3),
    }
    accounting, _, reasons = judge(write(tmp_path / "a.csv", [line(), *rows.values()]), tmp_path)
    assert list(reasons.values()) == [None, *rows]
    assert tuple(rows) == REASONS
    assert (accounting.rows, accounting.accepted) == (13, 1)


def test_an_order_is_one_event_with_exact_money_and_local_time(tmp_path):
    rows = [line(price="0.001", quantity=1), line(product="B2", price="2.995", quantity=3)]
    _, (person, order), _ = judge(write(tmp_path / "a.csv", rows), tmp_path)
    assert (person.kind, msgspec.json.decode(person.payload)) == ("customer", {"country": "France"})
    told = msgspec.json.decode(order.payload)
    assert (order.ref, order.user_id, told["total"], told["currency"]) == ("1001", "17850", "8.986", "GBP")
    assert [(p["product_id"], p["quantity"], p["price"]) for p in told["products"]] == [
        ("22752", 1, "0.001"),
        ("B2", 3, "2.995"),
    ]
    assert datetime.fromtimestamp(order.at_ms / 1000).astimezone().utctimetuple()[3] == 9  # 10:00 in a British summer


def test_a_cancellation_refunds_the_latest_order_that_has_enough_left(tmp_path):
    rows = [
        line(order="1", quantity=9, at="2011-07-01"), line(order="2", quantity=4, at="2011-07-02"),
        line(order="C3", quantity=-3, at="2011-07-03"), line(order="C3", quantity=-2, at="2011-07-03"),
        line(order="C4", quantity=-1, at="2011-06-01"),
    ]  # fmt: skip
    accounting, items, reasons = judge(write(tmp_path / "a.csv", rows), tmp_path)
    refunds = [msgspec.json.decode(item.payload) for item in items if item.kind == "refund"]
    assert sorted((r["order_id"], r["refund_id"], r["total"]) for r in refunds) == [
        ("1", "C3", "5"),
        ("2", "C3", "7.5"),
    ]
    assert reasons[5] == "cancellation_unmatched"
    assert (accounting.accepted, accounting.accepted_refunds, accounting.refunds, accounting.orders) == (4, 2, 2, 2)


def _rows():
    cells = st.tuples(
        st.sampled_from(["1", "2", "3", "C4", "C5", "", "A9"]), st.sampled_from(["p1", "p2", "POST", ""]),
        st.sampled_from(["1", "2", "5", "-1", "-2", "0", "x", "1.5", ""]), st.integers(0, 3),
        st.sampled_from(["1.25", "0", "-3", "0.001", "¥1,000.50", "nan", "1e400", ""]), st.sampled_from(["c1", "c2", ""]),
        st.sampled_from(["France", "", "x\ny", 'quo"te']),
    )  # fmt: skip
    return st.lists(cells, max_size=40)


@settings(max_examples=60, deadline=None)
@given(_rows())
def test_accepted_and_rejected_add_up_to_the_rows_of_the_file(cells):
    rows = [
        line(order, product, quantity, (START + timedelta(days=day)).isoformat(), price, customer, country)
        for order, product, quantity, day, price, customer, country in cells
    ]
    with tempfile.TemporaryDirectory() as folder:
        accounting, items, reasons = judge(write(Path(folder) / "a.csv", rows), Path(folder))
    assert accounting.rows == len(rows) == accounting.accepted + sum(accounting.rejected.values())
    assert len(reasons) == len(rows)
    assert set(accounting.rejected) <= set(REASONS)
    orders = {item.ref: msgspec.json.decode(item.payload) for item in items if item.kind == "order"}
    refunds = [msgspec.json.decode(item.payload) for item in items if item.kind == "refund"]
    assert sum(len(o["products"]) for o in orders.values()) == accounting.accepted - accounting.accepted_refunds
    for order_id, order in orders.items():
        pieces = sum(p["quantity"] for p in order["products"])
        assert sum(p["quantity"] for r in refunds if r["order_id"] == order_id for p in r["products"]) <= pieces
    assert [item.at_ms for item in items] == sorted(item.at_ms for item in items)


pieces = st.tuples(st.sampled_from("ab"), st.sampled_from("pq"), st.integers(0, 9), st.integers(1, 5))


@given(st.lists(pieces, max_size=12), st.lists(pieces, max_size=12))
def test_no_line_gives_back_more_than_was_bought_and_nothing_before_it_was(bought, backs):
    lines = [Bought(n, c, p, f"o{n}", at, q) for n, (c, p, at, q) in enumerate(bought)]
    taken = [TakenBack(100 + n, c, p, at, q) for n, (c, p, at, q) in enumerate(backs)]
    matched = match_cancellations(lines, taken)
    by_order = {bought_line.order_id: bought_line for bought_line in lines}
    for back in taken:
        if order := by_order.get(matched.get(back.n, "")):
            assert (order.customer_id, order.product_id) == (back.customer_id, back.product_id)
            assert order.at_ms <= back.at_ms
    for bought_line in lines:
        assert (
            sum(back.quantity for back in taken if matched.get(back.n) == bought_line.order_id) <= bought_line.quantity
        )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_encoding_and_delimiter(tmp_path, encoding, delimiter):
    header = ("订单号", "客户编号", "下单时间", "实付金额", "城市")
    path = write(
        tmp_path / "a.csv",
        [["1", "u1", "2026-01-05 09:30", "¥1,280.50", "杭州"]],
        header=header,
        encoding=encoding,
        delimiter=delimiter,
    )
    _, (person, order), _ = judge(path, tmp_path, {})
    assert msgspec.json.decode(person.payload) == {"city": "杭州"}
    assert msgspec.json.decode(order.payload)["total"] == "1280.5"


def test_western_accents_are_not_taken_for_chinese(tmp_path):
    path = write(tmp_path / "a.csv", [line(country="Île-de-France, Jérôme")], encoding="latin-1")
    assert judge(path, tmp_path)[1][0].payload == '{"country":"Île-de-France, Jérôme"}'


def test_decimal_comma_own_format_and_times_with_offset(tmp_path):
    options = {
        "mapping": {
            "columns": {"order_id": "no", "customer_id": "who", "at": "when", "total": "sum"}, "decimal": ",", "currency": "eur",
            "date_format": "%d.%m.%y", "time_zone": "Europe/Berlin",
        }
    }  # fmt: skip
    path = write(
        tmp_path / "a.csv",
        [["1", "u", "05.01.26", "1.280,50 €"], ["2", "u", "2026-01-05T00:00:00+08:00", "1"]],
        header=("no", "who", "when", "sum"),
    )
    late, early = sorted(judge(path, tmp_path, options)[1], key=lambda item: item.ref)
    assert (msgspec.json.decode(late.payload)["total"], msgspec.json.decode(late.payload)["currency"]) == (
        "1280.5",
        "EUR",
    )
    assert late.at_ms - early.at_ms == 7 * 3600 * 1000


def test_dates_that_read_two_ways_are_not_guessed(tmp_path):
    header = ("order id", "customer id", "date", "total")
    ambiguous = write(tmp_path / "a.csv", [["1", "u", "03/04/2026", "1"]], header=header)
    assert code_of(lambda: judge(ambiguous, tmp_path, {})) == "date_ambiguous"
    clear = write(tmp_path / "b.csv", [["1", "u", "03/04/2026", "1"], ["2", "u", "25/04/2026", "1"]], header=header)
    assert judge(clear, tmp_path, {})[0].first_at.startswith("2026-04-02T16:00")


def test_a_missing_column_is_named_with_the_closest_one():
    header = [name.replace("CustomerID", "Customer ID") for name in HEADER]
    with pytest.raises(Invalid) as caught:
        mapping.resolve(UCI, header)
    assert (caught.value.code, caught.value.details["closest"]) == ("column_missing", "Customer ID")
    assert "'CustomerID'" in caught.value.message
    with pytest.raises(Invalid) as caught:
        mapping.resolve({}, ["order no", "custmer", "date", "total"])
    assert caught.value.details == {"field": "customer_id", "words": "Customer number", "closest": "custmer"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"), (b"\n\n", "file_empty"), (b"%PDF-1.7 x", "wrong_file_type"), (b"\x89PNG\r\n", "wrong_file_type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "wrong_file_type"), (bytes(range(256)) * 40, "not_a_table"), (b"PAR1 cut off", "file_damaged"),
        (b"PK\x03\x04 cut off", "file_damaged"), (b"just some words", "column_missing"), (b'a,b\n"never closed', "column_missing"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_said(tmp_path, data, code):
    path = tmp_path / "orders.csv"
    path.write_bytes(data)
    assert code_of(lambda: judge(path, tmp_path, {})) == code


def test_a_file_of_5_gb_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "orders.csv"
    with path.open("wb") as stream:
        stream.truncate(5 * 1024**3)
    assert code_of(lambda: files.check_file(path)) == "file_too_large"


def test_a_workbook_that_unpacks_to_far_more_is_refused(tmp_path):
    import zipfile

    path = tmp_path / "orders.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 30_000_000)
    assert code_of(lambda: files.check_file(path)) == "workbook_too_large"
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert code_of(lambda: files.check_file(tmp_path / "b.xlsx")) == "wrong_file_type"


def test_a_workbook_and_a_parquet_file_say_the_same_as_the_csv(tmp_path):
    import pyarrow as pa
    import xlsxwriter
    from pyarrow import parquet

    rows = [
        line(),
        line(order="1002", customer="17851", at="2011-07-02 11:30"),
        line(order="C9", quantity=-1, at="2011-07-03"),
    ]
    expected = judge(write(tmp_path / "a.csv", rows), tmp_path)
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for index, row in enumerate(rows, 1):
            sheet.write_row(index, 0, row)
            sheet.write_number(index, 6, float(row[6]))
            sheet.write_number(index, 5, float(row[5]))
            sheet.write_datetime(index, 4, datetime.fromisoformat(row[4]), day)
    columns = list(zip(*rows, strict=True))
    columns[4] = [datetime.fromisoformat(at) for at in columns[4]]
    columns[5] = [float(price) for price in columns[5]]
    columns[6] = [float(customer) for customer in columns[6]]
    parquet.write_table(pa.table(dict(zip(HEADER, map(list, columns), strict=True))), tmp_path / "a.parquet")
    for name in ("a.xlsx", "a.parquet"):
        accounting, items, _ = judge(tmp_path / name, tmp_path)
        assert (accounting, items) == expected[:2], name
        assert reading.glance(tmp_path / name).columns == HEADER


def test_phone_numbers_are_not_customer_numbers(tmp_path):
    rows = [["1", "13800138000", "2026-01-05", "1"]]
    path = write(tmp_path / "a.csv", rows, header=("订单号", "客户编号", "日期", "金额"))
    assert code_of(lambda: judge(path, tmp_path, {})) == "customer_id_personal"


def test_a_mapping_file_in_toml_or_json():
    toml = b'source = "shop"\ncurrency = "CNY"\n[columns]\norder_id = "a"\ncustomer_id = "b"\nat = "c"\ntotal = "d"\n'
    given = mapping.parse_mapping_file(toml)
    assert mapping.resolve({"mapping": given}, ["a", "b", "c", "d"]).source == "shop"
    assert mapping.parse_mapping_file(msgspec.json.encode(given)) == given
    for broken in (b"[", b"\xff", b"[1", b"{"):
        assert code_of(lambda broken=broken: mapping.parse_mapping_file(broken)) == "bad_mapping_file"
    for wrong in (
        {"columns": 7},
        {"colour": "x"},
        {"currency": ["CNY"]},
        {"adjustment_codes": [1]},
        {"columns": {"shoe": "a"}},
    ):
        assert code_of(lambda wrong=wrong: mapping.resolve({"mapping": wrong}, ["a"])) in {
            "bad_mapping",
            "column_missing",
        }


def test_an_unknown_date_format_or_zone_is_said(tmp_path):
    path = write(
        tmp_path / "a.csv", [["1", "u", "2026-01-05", "1"]], header=("order id", "customer id", "date", "total")
    )
    assert code_of(lambda: judge(path, tmp_path, {"mapping": {"date_format": "%Q%"}})) == "bad_date_format"
    assert code_of(lambda: judge(path, tmp_path, {"mapping": {"time_zone": "Mars/Olympus'"}})) == "bad_time_zone"


def test_the_header_alone_is_an_empty_table(tmp_path):
    (tmp_path / "a.csv").write_text(csv_text([]))
    assert judge(tmp_path / "a.csv", tmp_path)[0].rows == 0
