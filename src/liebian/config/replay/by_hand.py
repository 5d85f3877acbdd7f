"""What people, providers and checkouts did: it is a record, and does not follow from the log.

Of a reward in which one of them had a say only the decision is compared, and what its entries moved is left out of the balances. A person
who gives or takes points changes what there is to spend, to end and to take back later: the points of that customer are left out, and so
is that customer's share of entries about many (a night's expiry). Taking a points reward back from such a customer moves other money.
"""

from __future__ import annotations

import sqlite3

_CUSTOMERS = """
WITH RECURSIVE touched(asset, customer_id) AS (
    SELECT asset, customer_id FROM rewards_points_use
    WHERE kind IN ('burn', 'transfer', 'adjust', 'shortage') OR key LIKE 'claw:earn:%'
    UNION SELECT asset, customer_id FROM rewards_points_lot
    WHERE cause LIKE 'adjust:%' OR cause LIKE 'transfer:%' OR cause LIKE 'earn:%' OR cause LIKE 'grace:%'
    UNION SELECT 'POINTS' || coalesce(':' || json_extract(o.terms, '$.points_programme'), '') || '/0', r.customer_id
    FROM rewards_reward r JOIN rewards_offer o ON o.id = r.offer_id
    WHERE r.is_by_hand AND o.kind = 'points'
    UNION SELECT t.asset, c.merged_into FROM touched t JOIN customers_customer c ON c.id = t.customer_id
    WHERE c.merged_into IS NOT NULL
)
SELECT asset, customer_id FROM touched
"""
_QUALIFICATIONS = """
SELECT qualification FROM rewards_reward WHERE is_by_hand
UNION SELECT r.qualification FROM rewards_reward r JOIN rewards_offer o ON o.id = r.offer_id
WHERE o.kind = 'points' AND r.clawed_amount > 0
AND r.customer_id IN (
    SELECT customer_id FROM temp.touched_customers
    WHERE asset = 'POINTS' || coalesce(':' || json_extract(o.terms, '$.points_programme'), '') || '/0'
)
"""
_KINDS = (
    "points", "points_pending", "points_reserved", "points_debt", "points_receivable", "points_in_review",
)  # fmt: skip
_LEFT_OUT = """
CREATE TEMP TABLE entries_by_hand AS SELECT id FROM ledger_entry
WHERE subject IN (SELECT qualification FROM by_hand) OR subject LIKE 'checkout:%';
CREATE UNIQUE INDEX temp.entry_by_hand ON entries_by_hand (id);
CREATE TEMP TABLE moved_by_hand AS
SELECT account_id, amount FROM ledger_posting WHERE entry_id IN (SELECT id FROM entries_by_hand);
CREATE INDEX temp.account_by_hand ON moved_by_hand (account_id);
"""
# Of an entry about one touched customer, all that the shared accounts gave or got; of one about many, that customer's part of it.
_SHARES = """
WITH own AS (
    SELECT p.entry_id, a.asset, sum(p.amount) AS amount FROM points_by_hand b JOIN ledger_account a ON a.code = b.code
    JOIN ledger_posting p ON p.account_id = a.id
    WHERE p.entry_id NOT IN (SELECT id FROM entries_by_hand) GROUP BY p.entry_id, a.asset
), parts AS (
    SELECT o.entry_id, o.amount AS own, p.account_id, p.amount, a.kind IN ('world', 'points_burned', 'points_breakage') AS is_shared,
    a.code IN (SELECT code FROM points_by_hand) AS is_own FROM own o JOIN ledger_posting p ON p.entry_id = o.entry_id
    JOIN ledger_account a ON a.id = p.account_id AND a.asset = o.asset
), shapes AS (
    SELECT entry_id, sum(NOT is_shared AND NOT is_own) AS n_others, count(DISTINCT iif(is_shared, account_id, NULL)) AS n_shared
    FROM parts GROUP BY entry_id
)
INSERT INTO moved_by_hand SELECT p.account_id, iif(s.n_others, -p.own, sum(p.amount)) FROM parts p JOIN shapes s ON s.entry_id = p.entry_id
WHERE p.is_shared AND (NOT s.n_others OR s.n_shared = 1) GROUP BY p.entry_id, p.account_id
"""


def mark_by_hand(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Make on both sides the tables `by_hand`, `points_by_hand` (codes of accounts) and `moved_by_hand`, of what was done in the old one."""
    customers = old.execute(_CUSTOMERS).fetchall()
    old.execute("CREATE TEMP TABLE touched_customers (asset, customer_id)")
    old.executemany("INSERT INTO touched_customers VALUES (?, ?)", customers)
    qualifications = old.execute(_QUALIFICATIONS).fetchall()
    codes = {(f"{kind}:{who}{_programme(asset)}",) for asset, who in customers for kind in _KINDS}
    for side in (old, new):
        side.execute("CREATE TEMP TABLE by_hand (qualification PRIMARY KEY)")
        side.executemany("INSERT INTO by_hand VALUES (?)", qualifications)
        side.execute("CREATE TEMP TABLE points_by_hand (code PRIMARY KEY)")
        side.executemany("INSERT INTO points_by_hand VALUES (?)", codes)
        side.executescript(_LEFT_OUT)
        side.execute(_SHARES)


def _programme(asset: str) -> str:
    return asset.removeprefix("POINTS").removesuffix("/0")
