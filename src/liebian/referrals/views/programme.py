"""The programme's page: first what it brought beyond what would have come anyway, then how, then who, then why not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.days import day_of
from liebian.core.ids import customer_number
from liebian.referrals import queries
from liebian.referrals.queries import KPoint, Results
from liebian.referrals.types import ProgrammeView, TreeNode
from liebian.referrals.views.frame import offers_context
from liebian.referrals.views.limits import limits_context
from liebian.referrals.views.staff import customer_href, may, names_of, why_context
from liebian.referrals.words import REFERRAL_STATES, STATUS, STATUS_LOOK, STEPS, money
from liebian.rewards import queries as rewards
from liebian.ui import charts, formats

_FUNNEL = (("invited", "viewed", "shared"), ("opened", "signed_up", "ordered", "qualified", "rewarded"))
_TREE_STATE = {"qualified": "ok", "bound": "wait", "reversed": "no"}


@requires("referrals:view")
@require_safe
def detail(request: HttpRequest, programme_id: int) -> HttpResponse:
    programme = queries.get_programme(programme_id)
    if programme.status == "draft":
        return redirect("referrals:edit", programme_id, "publish")
    now = clock.now()
    text = request.GET.get("q", "").strip()[:200]
    context: dict[str, Any] = {
        "programme": programme, "status": STATUS[programme.status], "look": STATUS_LOOK[programme.status], "now": now,
        **_period(programme, now), "arms": queries.count_arms([programme.id])[programme.id], **offers_context(programme),
        **_results(programme, now), **_funnel(programme, now), **_virality(programme, now), **_budget(programme), **limits_context(programme, now),
        **_tree(request, programme, now), "perms_publish": may(request, "referrals:publish"), "inviters": _inviters(programme, now), "q": text, **why_context(programme, text),
    }  # fmt: skip
    return render(request, "referrals/detail.html", context)


def _period(programme: ProgrammeView, now: datetime) -> dict[str, Any]:
    assert programme.starts_on is not None and programme.ends_on is not None
    total = (programme.ends_on - programme.starts_on).days
    number = (day_of(now, programme.zone) - programme.starts_on).days + 1
    return {"days": total, "day_number": min(max(number, 0), total), "last_day": programme.ends_on - timedelta(days=1)}


def _results(programme: ProgrammeView, now: datetime) -> dict[str, Any]:
    results = queries.get_results(programme, as_of=now)
    effect = results.effect
    estimates = []
    for label, arm, colour in (
        (_("Invited, %s people"), effect.treated, "treated"),
        (_("Held out, %s people"), effect.control, "holdout"),
    ):
        if arm.mean is not None and arm.n > 1:
            half = 196 * (arm.variance / arm.n) ** 0.5
            estimates.append(
                charts.Estimate(
                    label % formats.number(arm.n),
                    round(max(0.0, arm.mean * 100 - half), 2),
                    round(arm.mean * 100, 2),
                    round(arm.mean * 100 + half, 2),
                    colour,
                )
            )
    chart = charts.intervals(
        _arms_finding(results), _("New paying customers per 100 people, recommended in any way and with or without a code; 95%% interval of each arm.") % {},
        estimates, columns=(_("Arm"), _("Per 100 people"), _("95%% interval") % {}), unit=charts.decimal(1),
    ) if estimates else None  # fmt: skip
    high = results.cost.interval.high
    return {
        "cost_end": high * 1.25 if high else 100, **_difference(results),
        "results": results, "verdict": _verdict(results), "cost_words": _cost_words(results, programme), "arms_chart": chart,
    }  # fmt: skip


def _difference(results: Results) -> dict[str, Any]:
    """Per 100 people, as text: these are small numbers with one decimal."""
    effect = results.effect
    if effect.difference is None or effect.interval.low is None or effect.interval.high is None:
        return {"difference": "—", "difference_low": "—", "difference_high": "—"}
    ends = (effect.difference, effect.interval.low, effect.interval.high)
    texts = [formats.number(each * 100, 1) for each in ends]
    return dict(zip(("difference", "difference_low", "difference_high"), texts, strict=True))


def _arms_finding(results: Results) -> str:
    one, two = results.effect.treated.mean, results.effect.control.mean
    if one is None or two is None:
        return _("Nobody was held out, so there is nothing to compare with")
    values = {"treated": formats.number(one * 100, 1), "control": formats.number(two * 100, 1)}
    return _("Per 100 people: %(treated)s new paying customers invited, %(control)s held out") % values


def _verdict(results: Results) -> str:
    effect, gap = results.effect, "" if formats.is_chinese() else " "
    if effect.control.n == 0:
        return _("Nobody was held out, so we cannot say what would have come anyway.")
    if effect.verdict == "too_few":
        return _("Too early or too few people to tell. Come back when there are more orders.")
    if effect.verdict == "cannot_tell":
        more = effect.needed
        said = _("We cannot tell yet: the interval includes nothing at all.")
        return said + (
            gap + _("About %s more people would show a difference of this size.") % formats.number(more) if more else ""
        )
    if effect.verdict == "less":
        return _("Those invited brought fewer than those held out. Pause and look before spending more.")
    share = max(0.0, 1 - (effect.total or 0) / results.attributed) if results.attributed else None
    said = _("Beyond what the people held out brought without us.")
    if share is not None and share > 0:
        return said + gap + _("%(attributed)s orders came through links; about %(share)s of them would have come anyway.") % {
            "attributed": formats.number(results.attributed), "share": formats.percent(share, 0),
        }  # fmt: skip
    return said


def _cost_words(results: Results, programme: ProgrammeView) -> str:
    cost = results.cost
    if cost.cost is None:
        return _("No gain over the holdout so far, so there is no cost per customer gained.")
    if cost.interval.high is None:
        return _("The gain may still be nil, so the cost has no upper limit yet.")
    if results.naive_cost is not None and results.naive_cost < cost.cost:
        return _(
            "Divided by all orders through links it would look like %s. That counts people who would have come anyway."
        ) % money(results.naive_cost, programme.currency)
    return ""


def _funnel(programme: ProgrammeView, now: datetime) -> dict[str, Any]:
    counts = {step: queries.count_people(programme.id, step, as_of=now) for step in queries.STEPS}
    groups: list[dict[str, Any]] = []
    worst: tuple[float, str, str] | None = None
    for label, steps in zip((_("Those invited"), _("Their friends")), _FUNNEL, strict=True):
        rows, top, before = [], max(1, *(counts[step] for step in steps)), ""
        for index, step in enumerate(steps):
            rate = counts[step] / counts[before] if before and counts[before] else None
            if (
                rate is not None
                and counts[before] >= 20
                and step not in ("viewed", "rewarded")
                and (worst is None or rate < worst[0])
            ):
                worst = (rate, before, step)
            rows.append(
                {"step": step, "label": STEPS[step], "value": formats.number(counts[step]), "share": counts[step] / top, "rate": formats.percent(rate, 0) if rate is not None else "",
                 "shade": 0.45 + 0.11 * (index + (0 if steps[0] == "invited" else 1)), "href": _people_href(programme, step)}
            )  # fmt: skip
            before = step
        groups.append({"label": label, "rows": rows})
    for group in groups:
        for row in group["rows"]:
            row["tone"] = "bad" if worst and row["step"] == worst[2] else "2"
    return {"funnel": groups, "counts": counts, "funnel_finding": _funnel_finding(worst)}


def _funnel_finding(worst: tuple[float, str, str] | None) -> str:
    if worst is None:
        return _("From the invitation to the reward")
    values = {"share": formats.percent(1 - worst[0], 0), "before": STEPS[worst[1]], "step": STEPS[worst[2]]}
    return _('Most are lost between "%(before)s" and "%(step)s": %(share)s') % values


def _people_href(programme: ProgrammeView, step: str) -> str:
    return f"{reverse('referrals:people', args=[programme.id])}?step={step}"


def _virality(programme: ProgrammeView, now: datetime) -> dict[str, Any]:
    points = queries.list_k(programme, as_of=now)
    cycle = queries.get_cycle_time(programme.id, as_of=now)
    context: dict[str, Any] = {"k_chart": None, "k": points[-1].k if points else None, "cycle": cycle}
    if len(points) > 1:
        context["k_chart"] = _k_chart(points, cycle.median_days)
    return context


def _k_chart(points: list[KPoint], cycle_days: float | None) -> charts.Chart:
    last = points[-1].k
    first_open = next((index for index, point in enumerate(points) if point.provisional), None)
    low, high = last.interval.low, last.interval.high
    parts = [
        _(
            "Orders that count so far per participant who had begun by the day, 95%% interval by resampling participants %(interval)s"
        )
        % {"interval": formats.span(formats.number(low or 0.0, 2), formats.number(high or 0.0, 2))}
    ]
    if cycle_days is not None:
        parts.append(_("median %s days from taking part to a friend's sign-up") % formats.number(cycle_days, 1))
    if last.amplification and last.k and last.k < 1:
        parts.append(_("every customer won leads to %s in the end") % formats.number(last.amplification, 1))
    return charts.line_with_band(
        _("K is %(k)s: each participant brings %(k)s paying friends") % {"k": formats.number(last.k or 0.0, 2)}, " · ".join(parts),
        [formats.day(point.day) for point in points], _("K, paid"), [round(point.k.k or 0.0, 4) for point in points],
        label_name=_("Day"), unit=charts.decimal(2), provisional_from=first_open, provisional_name=_("Observed for less than 14 days"),
        band=charts.Band(_("95%% interval") % {}, [round(p.k.interval.low or 0.0, 4) for p in points], [round(p.k.interval.high or 0.0, 4) for p in points]),
    )  # fmt: skip


def _budget(programme: ProgrammeView) -> dict[str, Any]:
    budget = rewards.get_budget(programme.budget_id or 0)
    totals = rewards.get_programme_totals(programme.id)
    whole = max(budget.funded, 1)
    bar = [
        (budget.paid_out / whole, "money"),
        (budget.reserved / whole, "money-soft"),
        (budget.available / whole, "line"),
    ]
    accounts = (
        ("paid_out", budget.paid_out, _("Paid out")),
        ("reserved", budget.reserved, _("Waiting for the refund period")),
        ("budget", budget.available, _("Available")),
    )
    rows = [
        {"label": label, "amount": money(amount, budget.currency), "href": _account_href(f"{kind}:{budget.id}")}
        for kind, amount, label in accounts
    ]
    used = budget.funded - budget.available
    finding = _("%(used)s of %(funded)s are used or reserved") % {
        "used": money(used, budget.currency),
        "funded": money(budget.funded, budget.currency),
    }
    return {"budget": budget, "totals": totals, "budget_bar": bar, "budget_rows": rows, "budget_finding": finding}


def _account_href(code: str) -> str:
    return reverse("ledger:account", args=[code])


def _inviters(programme: ProgrammeView, now: datetime) -> list[dict[str, Any]]:
    rows = queries.list_top_inviters(programme.id, as_of=now, limit=8)
    names = names_of({row.customer_id for row in rows})
    return [{"row": row, "name": names[row.customer_id], "href": customer_href(row.customer_id)} for row in rows]


def _tree(request: HttpRequest, programme: ProgrammeView, now: datetime) -> dict[str, Any]:
    sizes, largest, paying = queries.get_generations(programme.id, as_of=now)
    asked = request.GET.get("tree", "")
    root = int(asked) if asked.isdigit() and len(asked) < 19 else largest
    if root is None:
        return {"tree_chart": None}
    edges = queries.list_edges(programme.id, as_of=now)
    names = names_of({root} | {friend for friend, *_rest in edges})
    grown = queries.list_tree(edges, root)
    depth = len(sizes) - 1
    title = ngettext(
        "Invitations reach one generation; the largest tree brought %(paying)s paying friends",
        "Invitations reach %(depth)s generations; the largest tree brought %(paying)s paying friends",
        depth,
    ) % {"depth": depth, "paying": formats.number(paying)}
    subtitle = _(
        "Friends who signed up: filled have ordered, ringed not yet, grey gave it back. Generations: %s."
    ) % "、".join(formats.number(n) for n in sizes[1:])
    leaves = max(1, _count_leaves(grown))
    chart = charts.tree(
        title,
        subtitle,
        _drawn(grown, names),
        columns=(_("Who"), _("Invited by"), _("Generation"), _("State")),
        height=min(520, 60 + 26 * leaves),
    )
    return {"tree_chart": chart, "tree_of": names[root]}


def _drawn(node: TreeNode, names: dict[int, str]) -> charts.TreeNode:
    return charts.TreeNode(
        names.get(node.customer_id, customer_number(node.customer_id)), _TREE_STATE[node.state], str(REFERRAL_STATES[node.state]),
        customer_href(node.customer_id), [_drawn(child, names) for child in node.children],
    )  # fmt: skip


def _count_leaves(node: TreeNode) -> int:
    return sum(_count_leaves(child) for child in node.children) if node.children else 1
