"""The list of rewards, one reward with its whole history, and acts on one or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from liebian.access.guard import requires
from liebian.access.queries import find_user_names
from liebian.core import clock
from liebian.core.days import day_of
from liebian.core.errors import LiebianError
from liebian.customers import queries as customers
from liebian.ledger.queries import list_entries
from liebian.rewards import queries, services
from liebian.rewards.forms import ActForm, RewardFilter
from liebian.rewards.rules import REASONS_OF
from liebian.rewards.types import MOST_REWARDS, Act, RewardChangeView, RewardView
from liebian.rewards.views.checks import show_check, show_limit
from liebian.rewards.views.gifts import may_ship
from liebian.rewards.views.holdings import find_money_panel, show_holding
from liebian.rewards.views.words import ACTS, ON_HOLD, REVIEW_ACTS, STATES, WHY_SECOND, role_words, say_units, words_of
from liebian.ui.formats import error_text, money
from liebian.ui.tables import read_ids

PAGE = 50


@requires("rewards:view")
def reward_list(request: HttpRequest) -> HttpResponse:
    asked = RewardFilter(request.GET).asked()
    found = queries.list_rewards(**_filter_of(asked), before=asked["before"], limit=PAGE + 1)
    context = {
        "rows": [show_row(each) for each in found[:PAGE]],
        "erased": customers.list_erased({each.customer_id for each in found[:PAGE]}),
        "older": found[PAGE - 1].id if len(found) > PAGE else None,
        "states": _count_states(asked["state"] or ""),
        "asked": asked,
        "is_filtered": any(asked[name] for name in ("state", "programme", "customer", "cause", "reason")),
        "acts": ACTS.items() if _may_review(request) else (),
        "n_waiting": queries.count_waiting_reviews(),
    }
    return render(request, "rewards/list.html", context)


def _filter_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    on_hold = asked["state"] == "on_hold"
    return {
        "customer_id": asked["customer"],
        "programme_id": asked["programme"],
        "cause": asked["cause"] or "",
        "reason": asked["reason"] or "",
        "state": "" if on_hold else asked["state"] or "",
        "is_on_hold": True if on_hold else None,
    }


@requires("rewards:view")
def reward_page(request: HttpRequest, reward_id: int) -> HttpResponse:
    reward = queries.get_reward(reward_id)
    changes = queries.list_reward_changes(reward_id)
    reviews = queries.list_reviews_of(reward_id)
    people = {each.actor for each in changes if each.actor} | {each.proposed_by for each in reviews}
    names = find_user_names(sorted(people))
    context = {
        **show_row(reward),
        "changes": [_show_change(each, reward, names) for each in changes],
        "reviews": [
            {"review": each, "act": REVIEW_ACTS[each.act], "by": names.get(each.proposed_by, f"#{each.proposed_by}")}
            for each in reviews
            if each.state == "waiting"
        ],
        "checks": [show_check(each) for each in reward.trace.get("checks", ())],
        "limits": [show_limit(each, reward.offer.currency) for each in reward.trace.get("limits", ())],
        "n_entries": len(list_entries(subject=reward.qualification, limit=100).entries),
        "reason": _say_reason(reward),
        "erased": customers.list_erased([reward.customer_id]),
        **show_holding(reward, may_see_code=may_ship(request)),
        "money_panel": find_money_panel(request, reward),
        "acts": [(act, words) for act, words in ACTS.items() if _fits(act, reward)] if _may_review(request) else (),
    }
    return render(request, "rewards/reward.html", context)


@requires("rewards:review")
def act(request: HttpRequest) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    name, ids = given.get("act", ""), _read_chosen(given)
    if name not in ACTS or not ids:
        messages.error(request, gettext("Choose rewards and what to do with them first."))
        return redirect("rewards:list")
    if request.method != "POST":
        return _ask(request, name, ids, _act_form(name, None, ids))
    form = _act_form(name, request.POST, ids)
    if not form.is_valid():
        return _ask(request, name, ids, form, status=422)
    now = clock.now()
    try:
        review = services.propose_review(
            act=name,
            reward_ids=ids,
            reason=form.cleaned_data["reason"],
            note=form.cleaned_data["note"],
            key=form.cleaned_data["key"],
            actor=int(request.user.pk or 0),
            day=day_of(now, settings.TIME_ZONE),
            now=now,
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _ask(request, name, ids, form, status=error.status)
    if review.state == "waiting":
        messages.info(request, gettext("Nothing has moved yet: somebody else has to agree first."))
        return redirect("rewards:review", review.id)
    return _tell(request, [item.outcome for item in review.items], ids)


def _read_chosen(given: QueryDict) -> list[int]:
    """The ticked rows, or the oldest of all that match the list's filter where that was ticked."""
    if given.get("all"):
        return queries.find_reward_ids(**_filter_of(RewardFilter(given).asked()), limit=MOST_REWARDS)
    return read_ids(given, MOST_REWARDS + 1)


def _tell(request: HttpRequest, outcomes: Sequence[str], ids: Sequence[int]) -> HttpResponseRedirect:
    done, later = outcomes.count("done"), outcomes.count("on_arrival")
    if done:
        said = ngettext("Done for %(n)s reward.", "Done for %(n)s rewards.", done) % {"n": done}
        messages.success(request, said)
    if later:
        said = ngettext(
            "%(n)s is on its way and is taken back when it arrives.",
            "%(n)s are on their way and are taken back when they arrive.",
            later,
        )
        messages.info(request, said % {"n": later})
    left = len(outcomes) - done - later
    if left:
        said = ngettext("%(n)s had moved on and was left alone.", "%(n)s had moved on and were left alone.", left)
        messages.warning(request, said % {"n": left})
    return redirect("rewards:reward", ids[0]) if len(ids) == 1 else redirect("rewards:list")


def _ask(request: HttpRequest, name: Act, ids: Sequence[int], form: ActForm, *, status: int = 200) -> HttpResponse:
    preview = queries.preview_review(name, ids)
    why = queries.why_rewards_wait(act=name, reward_ids=ids, actor=int(request.user.pk or 0), at=clock.now())
    context = {
        "act": name,
        "words": ACTS[name],
        "ids": ids,
        "form": form,
        "preview": preview,
        "why_second": WHY_SECOND.get(why, ""),
        "is_cut": bool(request.GET.get("all")) and len(ids) == MOST_REWARDS,
        "sums": " + ".join(money(minor, unit) for unit, minor in sorted(preview.minor_by_currency.items())),
    }
    return render(request, "rewards/act.html", context, status=status)


def _act_form(name: Act, data: QueryDict | None, ids: Sequence[int]) -> ActForm:
    """What happened to all of the chosen is the reason to begin with, where it is one of this act."""
    reasons = [(code, gettext(queries.get_reason(code).staff)) for code in REASONS_OF[name]]
    told = {each.reason for each in queries.list_rewards(ids=ids)} if data is None else set()
    return ActForm(data, reasons=reasons, initial={"reason": told.pop()} if len(told) == 1 else {})


def _fits(name: Act, reward: RewardView) -> bool:
    return queries.preview_review(name, [reward.id]).n_fitting == 1


def _may_review(request: HttpRequest) -> bool:
    return bool(request.user.may("rewards:review"))  # type: ignore[union-attr]


def _count_states(chosen: str) -> list[dict[str, Any]]:
    counts = queries.count_rewards_by_state()
    rows = [{"code": code, "words": words, "n": sum(counts.get((code, held), 0) for held in (False, True))}
            for code, words in STATES.items()]  # fmt: skip
    n_held = sum(n for (_state, is_on_hold), n in counts.items() if is_on_hold)
    rows.append({"code": "on_hold", "words": ON_HOLD, "n": n_held})
    return [{**row, "on": row["code"] == chosen} for row in rows if row["n"] or row["code"] == chosen]


def show_row(reward: RewardView) -> dict[str, Any]:
    return {
        "reward": reward,
        "state": words_of(reward.state, is_on_hold=reward.is_on_hold),
        "role": role_words(reward.role),
        "units": say_units(reward.offer, reward.amount),
        "cost": money(reward.cost_minor, reward.offer.currency),
        "kept": money(reward.kept_minor, reward.offer.currency),
    }


def _say_reason(reward: RewardView) -> dict[str, str]:
    code = reward.told_reason or ("in_hold" if reward.state == "held" else "")
    if not code:
        return {}
    texts = queries.get_reason(code)
    return {"code": code, "staff": gettext(texts.staff), "customer": gettext(texts.customer)}


def _change_title(change: RewardChangeView) -> Any:
    if change.kind == "to_take_back":
        return _("Will be taken back when it arrives")
    if change.actor and change.to_state == "held" and change.reason in REASONS_OF["hold"]:
        return ON_HOLD.name
    if change.to_state != change.from_state:
        return STATES[change.to_state].name
    if change.reason == "stock_empty":
        return _("Waits for stock")
    return _("Partly changed") if change.reason or change.amount or change.minor else _("No longer on hold")


def _show_change(change: RewardChangeView, reward: RewardView, names: dict[int, str]) -> dict[str, Any]:
    words = STATES[change.to_state]
    return {
        "at": change.at,
        "title": _change_title(change),
        "icon": words.icon,
        "tone": words.tone,
        "code": change.reason,
        "reason": gettext(queries.get_reason(change.reason).staff) if change.reason else "",
        "units": say_units(reward.offer, change.amount) if change.amount else "",
        "minor": money(change.minor, reward.offer.currency) if change.minor else "",
        "by": names.get(change.actor, f"#{change.actor}") if change.actor else "",
        "note": change.note,
    }
