"""The decisions of an import, as sets: a reason for every row that is not taken, and one item per fact that is.

Reasons are tried in the order of `types.REASONS`; the first that applies is the row's reason.
"""

# ruff: noqa: S608  (values from outside are checked by mapping.py or quoted; the rest is our own vocabulary)

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.events.imports import sql
from liebian.events.imports.reading import Tick
from liebian.events.imports.rules import Bought, TakenBack, match_cancellations
from liebian.events.imports.types import CUSTOMER, ORDER, REFUND, TRAIT_FIELDS, Accounting, Item, Mapping

_HAS_OFFSET = r"\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$"
_EARLIEST = "TIMESTAMPTZ '1990-01-01 00:00:00+00'"
_MAX_QUANTITY = 10**9


class Plan:
    """Judges the table `raw` by a mapping. Use once: `judge()`, then `accounting()`, `items()`, `write_rejected()`."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, header: list[str], mapping: Mapping, now: datetime
    ) -> None:
        self.connection = connection
        self.header = header
        self.mapping = mapping
        self.now = now
        self.traits = [field for field in TRAIT_FIELDS if field in mapping.columns]

    def judge(self, tick: Tick = lambda: None) -> None:
        for step in (
            self._check_text,
            self._check_customers,
            self._read_rows,
            self._judge_rows,
            self._match_cancellations,
            self._make_items,
        ):
            step()
            tick()

    def accounting(self) -> Accounting:
        by_reason = dict(self._fetch("SELECT coalesce(reason, ''), count(*) FROM judged GROUP BY 1"))
        by_kind = dict(self._fetch("SELECT kind, count(*) FROM items GROUP BY 1"))
        ((refund_rows, customers, first, last, currency),) = self._fetch(
            "SELECT count(*) FILTER (is_cancel), count(DISTINCT customer_id), min(at_ms), max(at_ms), mode(currency) FROM judged WHERE reason IS NULL"
        )
        taken = by_reason.pop("", 0)
        rows = taken + sum(by_reason.values())
        return Accounting(
            rows=rows, accepted=taken, accepted_refunds=refund_rows, rejected=dict(sorted(by_reason.items(), key=lambda item: -item[1])),
            orders=by_kind.get(ORDER, 0), refunds=by_kind.get(REFUND, 0), customers=customers, first_at=sql.iso(first), last_at=sql.iso(last), currency=currency,
        )  # fmt: skip

    def count_items(self) -> int:
        ((count,),) = self._fetch("SELECT count(*) FROM items")
        return int(count)

    def items(self, skip: int, size: int) -> Iterator[list[Item]]:
        """The facts in order of their time, in chunks, from the position on."""
        found = self.connection.execute(
            f"SELECT kind, ref, at_ms, user_id, payload FROM items ORDER BY at_ms, kind, ref, payload OFFSET {int(skip)}"
        )
        while chunk := found.fetchmany(size):
            yield [Item(*row) for row in chunk]

    def write_rejected(self, target: Path) -> None:
        """A CSV of what was not taken: row number (the header is row 0), reason, and the row as it was."""
        picked = ", ".join(
            f'c{index} AS "{name.replace(chr(34), chr(34) * 2)}"' for index, name in enumerate(self.header)
        )
        self.connection.execute(
            f'COPY (SELECT n AS "row", reason, {picked} FROM judged JOIN raw USING (n) WHERE reason IS NOT NULL ORDER BY n) '
            f"TO {sql.literal(str(target))} (FORMAT csv, HEADER)"
        )

    # --- steps -------------------------------------------------------------------------------------------------------

    def _check_text(self) -> None:
        every = " OR ".join(f"contains(c{index}, chr(0))" for index in range(len(self.header)))
        if self._fetch(f"SELECT 1 FROM raw WHERE {every} LIMIT 1"):
            raise Invalid(
                "not_a_table", _("Cells of the file hold NUL characters, which no text has. Export it again.")
            )

    def _check_customers(self) -> None:
        """A customer number is kept in clear; a phone number or e-mail address must not be one."""
        value = self._text("customer_id")
        ((known, personal),) = self._fetch(
            f"SELECT count({value}), count(*) FILTER (regexp_matches({value}, '^(\\+?86)?1[3-9]\\d{{9}}$|@.+\\.')) FROM raw"
        )
        if known and personal * 2 > known:
            raise Invalid(
                "customer_id_personal",
                _(
                    "The column '%(column)s' holds phone numbers or e-mail addresses. "
                    "Map the shop's own customer number, and these as phone or email."
                ),
                column=self.mapping.columns["customer_id"],
            )

    def _read_rows(self) -> None:
        columns = {
            "order_id": self._id("order_id"), "customer_id": self._id("customer_id"), "moment": self._time(),
            "product_id": self._id("product_id"), "product_name": self._text("product_name"), "category": self._text("category"),
            "quantity": self._number("quantity") if "quantity" in self.mapping.columns else "1::DECIMAL(18,6)",
            "price": self._number("price" if self.mapping.by_line else "total"),
            "currency": f"coalesce(upper({self._text('currency')}), '{self.mapping.currency}')",
            "channel": self._text("channel"), **{field: self._text(field) for field in self.traits},
        }  # fmt: skip
        picked = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
        self.connection.execute(f"CREATE TABLE rows AS SELECT n, ragged, {picked} FROM raw")

    def _judge_rows(self) -> None:
        every = ", ".join(f"c{index}" for index in range(len(self.header)))
        now_ms = round(self.now.timestamp() * 1000)
        self.connection.execute(f"""
            CREATE TABLE judged AS
            WITH judged_alone AS (
                SELECT *, epoch_ms(moment) AS at_ms, quantity < 0 OR {self._is_cancel_id()} AS is_cancel, CASE
                    WHEN ragged THEN 'bad_row'
                    WHEN order_id IS NULL THEN 'no_order_id'
                    WHEN length(order_id) > 100 OR length(customer_id) > 200 OR length(product_id) > 100 THEN 'bad_id'
                    WHEN customer_id IS NULL THEN 'no_customer'
                    WHEN {self._is_adjustment()} THEN 'adjustment'
                    WHEN moment IS NULL OR moment < {_EARLIEST} THEN 'bad_time'
                    WHEN price IS NULL OR quantity IS NULL OR quantity = 0 OR quantity <> floor(quantity)
                        OR abs(quantity) > {_MAX_QUANTITY} OR NOT regexp_full_match(currency, '[A-Z]{{3}}') THEN 'bad_amount'
                    WHEN epoch_ms(moment) > {now_ms} THEN 'future'
                    WHEN price <= 0 THEN 'zero_or_negative_price'
                END AS reason FROM rows),
            hashed AS (
                SELECT n, hash({every}) AS h FROM raw SEMI JOIN (SELECT n FROM judged_alone WHERE reason IS NULL) USING (n)),
            suspects AS (SELECT n FROM hashed SEMI JOIN (SELECT h FROM hashed GROUP BY h HAVING count(*) > 1) USING (h)),
            repeats AS (
                SELECT n, row_number() OVER (PARTITION BY {every} ORDER BY n) > 1 AS is_repeat
                FROM raw SEMI JOIN suspects USING (n)),
            heads AS (
                SELECT order_id, arg_min((customer_id, currency), n) AS head, min(n) AS head_n
                FROM judged_alone WHERE reason IS NULL AND NOT is_cancel GROUP BY 1)
            SELECT judged_alone.* EXCLUDE (reason), CASE
                WHEN reason IS NOT NULL THEN reason
                WHEN is_repeat THEN 'duplicate'
                WHEN NOT is_cancel AND head <> (customer_id, currency) THEN 'order_conflict'
                WHEN NOT is_cancel AND n <> head_n AND NOT {str(self.mapping.by_line).lower()} THEN 'order_conflict'
            END AS reason
            FROM judged_alone LEFT JOIN repeats USING (n) LEFT JOIN heads USING (order_id)
        """)

    def _match_cancellations(self) -> None:
        columns = "n, customer_id, coalesce(product_id, ''), order_id, at_ms, abs(quantity)::BIGINT"
        backs = self._fetch(f"SELECT {columns} FROM judged WHERE reason IS NULL AND is_cancel")
        bought = self._fetch(f"""
            SELECT {columns} FROM judged WHERE reason IS NULL AND NOT is_cancel AND (customer_id, coalesce(product_id, '')) IN
                (SELECT (customer_id, coalesce(product_id, '')) FROM judged WHERE reason IS NULL AND is_cancel)
        """)
        matched = match_cancellations(
            (Bought(*row) for row in bought),
            (TakenBack(n, customer, product, at, q) for n, customer, product, _, at, q in backs),
        )
        table = pa.table(
            {"n": pa.array(list(matched), pa.int64()), "original": pa.array(list(matched.values()), pa.string())}
        )
        self.connection.register("matched_rows", table)
        self.connection.execute("CREATE TABLE matched AS SELECT * FROM matched_rows")
        self.connection.unregister("matched_rows")
        self.connection.execute(
            "UPDATE judged SET reason = 'cancellation_unmatched' WHERE reason IS NULL AND is_cancel AND n NOT IN (SELECT n FROM matched)"
        )

    def _make_items(self) -> None:
        product = {"product_id": "product_id", "quantity": "abs(quantity)::BIGINT", "price": sql.decimal("price")}
        if "product_name" in self.mapping.columns:
            product["name"] = "coalesce(product_name, '')"
        if "category" in self.mapping.columns:
            product["category"] = "coalesce(category, '')"
        products = f"list({sql.struct(product)} ORDER BY n)" if self.mapping.by_line else "[]"
        total = sql.decimal("sum(abs(quantity) * price)")
        order = {
            "order_id": "order_id",
            "total": total,
            "currency": "any_value(currency)",
            "channel": "coalesce(arg_min(channel, n), '')",
        }
        refund = {
            "order_id": "original", "refund_id": "order_id", "total": total, "currency": "any_value(currency)", "products": products,
        }  # fmt: skip
        parts = [
            f"""SELECT '{ORDER}' AS kind, order_id AS ref, min(at_ms) AS at_ms, any_value(customer_id) AS user_id,
                to_json({sql.struct(order | {"products": products})})::VARCHAR AS payload
                FROM judged WHERE reason IS NULL AND NOT is_cancel GROUP BY order_id""",
            f"""SELECT '{REFUND}', order_id || chr(31) || original, max(at_ms), any_value(customer_id), to_json({sql.struct(refund)})::VARCHAR
                FROM judged JOIN matched USING (n) WHERE reason IS NULL GROUP BY order_id, original""",
        ]
        if self.traits:
            latest = sql.struct(
                {field: f"arg_max({field}, (at_ms, n)) FILTER ({field} IS NOT NULL)" for field in self.traits}
            )
            parts.append(
                f"""SELECT '{CUSTOMER}', customer_id, min(at_ms), customer_id, to_json({latest})::VARCHAR
                FROM judged WHERE reason IS NULL AND NOT is_cancel GROUP BY customer_id"""
            )
        self.connection.execute(f"CREATE TABLE items AS {' UNION ALL '.join(parts)}")

    # --- expressions -------------------------------------------------------------------------------------------------

    def _text(self, field: str) -> str:
        column = self.mapping.columns.get(field)
        return "NULL::VARCHAR" if column is None else f"nullif(trim(c{self.header.index(column)}), '')"

    def _id(self, field: str) -> str:
        """An id that a spreadsheet made a number (17850.0) is the id it was."""
        text = self._text(field)
        return f"CASE WHEN {text} LIKE '%.0' THEN regexp_replace({text}, '^(\\d+)\\.0+$', '\\1') ELSE {text} END"

    def _number(self, field: str) -> str:
        strip, point = ("[\\s,¥￥£$€元]", ".") if self.mapping.decimal == "." else ("[\\s.'¥￥£$€元]", ",")
        text = self._text(field)
        bare = f"regexp_replace({text}, '{strip.replace(chr(39), chr(39) * 2)}', '', 'g')"
        dressed = f"TRY_CAST(replace({bare}, '{point}', '.') AS DECIMAL(18,6))"
        return f"coalesce(TRY_CAST({text} AS DECIMAL(18,6)), {dressed})" if point == "." else dressed

    def _time(self) -> str:
        text = self._text("at")
        form = self._checked_format() or self._best_format(text)
        local = f"TRY_CAST({text} AS TIMESTAMP)"
        if form:
            parsed = f"try_strptime({text}, {sql.literal(form)})"
            local = parsed if self.mapping.date_format else f"coalesce({local}, {parsed})"
        zone = self.mapping.time_zone
        may_have_offset = f"({text} LIKE '%Z' OR {text} LIKE '%:%+%' OR {text} LIKE '%:%-%')"
        return f"CASE WHEN {may_have_offset} AND regexp_matches({text}, '{_HAS_OFFSET}') THEN TRY_CAST({text} AS TIMESTAMPTZ) ELSE timezone('{zone}', {local}) END"

    def _checked_format(self) -> str:
        form = self.mapping.date_format
        if not form:
            return ""
        try:
            self._fetch(f"SELECT try_strptime('', {sql.literal(form)})")
        except duckdb.Error:
            raise Invalid(
                "bad_date_format", _("'%(form)s' is no date format. Write it like %Y-%m-%d %H:%M."), form=form
            ) from None
        return form

    def _best_format(self, text: str) -> str:
        """The usual format that reads the most of what is not ISO 8601. Equal ones: the preset's order decides, or nobody."""
        rest = f"FROM raw WHERE {text} IS NOT NULL AND TRY_CAST({text} AS TIMESTAMP) IS NULL"
        if not self._fetch(f"SELECT 1 {rest} LIMIT 1"):
            return ""
        formats = self.mapping.date_formats or sql.DATE_FORMATS
        counted = ", ".join(f"count(try_strptime({text}, '{form}'))" for form in formats)
        (counts,) = self._fetch(f"SELECT {counted} {rest}")
        best = max(counts)
        equal = [form for form, count in zip(formats, counts, strict=True) if count == best]
        if len(equal) > 1 and best and not self.mapping.date_formats:
            raise Invalid(
                "date_ambiguous",
                _("The dates can be read in more than one way: %(formats)s. Say which in `date_format`."),
                formats=equal,
            )
        return equal[0] if best else ""

    def _is_cancel_id(self) -> str:
        prefix = self.mapping.cancel_prefix
        return f"starts_with(upper(order_id), upper({sql.literal(prefix)}))" if prefix else "false"

    def _is_adjustment(self) -> str:
        if "product_id" not in self.mapping.columns:
            return "false"
        codes = ", ".join(sql.literal(code.upper()) for code in self.mapping.adjustment_codes)
        tests = [f"upper(product_id) IN ({codes})"] if codes else []
        tests += [
            f"starts_with(upper(product_id), {sql.literal(prefix.upper())})"
            for prefix in self.mapping.adjustment_prefixes
        ]
        return f"coalesce({' OR '.join(tests)}, false)" if tests else "false"

    def _fetch(self, query: str) -> list[tuple]:  # type: ignore[type-arg]
        return self.connection.execute(query).fetchall()
