"""Programmes for the staff: the list, starting and stopping, the people behind every number, why and why not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from liebian.access.guard import requires
from liebian.access.types import mask_name, mask_phone
from liebian.core import clock
from liebian.core.errors import Invalid, NotFound
from liebian.core.ids import customer_number
from liebian.customers import queries as customers
from liebian.referrals import queries, services
from liebian.referrals.types import ProgrammeView, Why
from liebian.referrals.words import REFERRAL_STATES, STATUS, STATUS_LOOK, STEPS, check_lines, offer_text, reason_text
from liebian.rewards import queries as rewards
from liebian.rewards.types import Told

_PAGE = 50
_INVITERS = ("invited", "viewed", "shared")


@requires("referrals:view")
@require_safe
def programme_list(request: HttpRequest) -> HttpResponse:
    programmes = queries.list_programmes()
    published = [each.id for each in programmes if each.status != "draft"]
    arms, totals = queries.count_arms(published), rewards.list_programme_totals(published)
    budgets = {each.id: each for each in rewards.list_budgets(ids=[p.budget_id for p in programmes if p.budget_id])}
    now = clock.now()
    rows = [
        {
            "programme": each, "status": STATUS[each.status], "look": STATUS_LOOK[each.status], "arms": arms.get(each.id),
            "total": totals.get(each.id), "last_day": each.ends_on - timedelta(days=1) if each.ends_on else None, "budget": budgets.get(each.budget_id or 0),
            "qualified": queries.count_people(each.id, "qualified", as_of=now) if each.id in arms else None,
        }
        for each in programmes
    ]  # fmt: skip
    return render(request, "referrals/list.html", {"rows": rows, "perms_edit": may(request, "referrals:edit")})


@requires("referrals:publish")
@require_POST
def status(request: HttpRequest, programme_id: int) -> HttpResponse:
    """Pause, resume or end; the button says which and what it does."""
    act = {"pause": services.pause_programme, "resume": services.resume_programme, "end": services.end_programme}
    chosen = act.get(request.POST.get("act", ""))
    if chosen is None:
        raise Invalid("bad_act", gettext_noop("Choose pause, resume or end."))
    chosen(programme_id=programme_id, actor=request.user.pk, now=clock.now())
    return redirect("referrals:detail", programme_id)


@requires("referrals:view")
@require_safe
def people(request: HttpRequest, programme_id: int) -> HttpResponse:
    """The people in one step. Newest first, keyset paging; `after` is the key of the last row seen."""
    programme = queries.get_programme(programme_id)
    step, now = request.GET.get("step", "invited"), clock.now()
    after = request.GET.get("after", "")
    found = queries.list_people(
        programme_id, step, as_of=now, after=int(after) if after.isdigit() else None, limit=_PAGE + 1
    )
    rows = found[:_PAGE]
    names = names_of({row.customer_id for row in rows} | {row.other_id for row in rows if row.other_id})
    pages = _own_pages(request, programme_id, step, {row.customer_id for row in rows})
    context = {
        "programme": programme, "step": step, "steps": STEPS.items(), "label": STEPS[step],
        "total": queries.count_people(programme_id, step, as_of=now), "has_pages": bool(pages),
        "rows": [
            {"row": row, "name": names[row.customer_id], "href": customer_href(row.customer_id),
             "own_page": pages.get(row.customer_id, ""), "other": names.get(row.other_id or 0), "other_href": customer_href(row.other_id),
             "state": REFERRAL_STATES.get(row.state, row.state), "reason": reason_text(row.reason)}
            for row in rows
        ],
        "next": rows[-1].key if len(found) > _PAGE else None,
    }  # fmt: skip
    return render(request, "referrals/people.html", context)


def _own_pages(request: HttpRequest, programme_id: int, step: str, customer_ids: set[int]) -> dict[int, str]:
    """The addresses to send to those invited. Who has one can see that person's friends, so not everybody may."""
    if step not in _INVITERS or not may(request, "referrals:edit"):
        return {}
    return {key: _own_page(code) for key, code in queries.list_codes(programme_id, customer_ids).items()}


def _own_page(code: str) -> str:
    return reverse("referrals:inviter", args=[queries.token_of(code)])


@requires("referrals:view")
@require_safe
def why(request: HttpRequest, programme_id: int) -> HttpResponse:
    """Why somebody was or was not rewarded: a story with the reason of every "no"."""
    programme = queries.get_programme(programme_id)
    text = request.GET.get("q", "").strip()[:200]
    context = {"programme": programme, "q": text, **why_context(programme, text)}
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, "referrals/_why.html" if fragment else "referrals/why.html", context)


def why_context(programme: ProgrammeView, text: str) -> dict[str, Any]:
    found = queries.find_people(text) if text else []
    names = names_of(set(found))
    return {
        "asked": bool(text),
        "stories": [
            {"name": names[each], "href": customer_href(each), "entries": _told(queries.list_story(each, programme_id=programme.id), programme)}
            for each in found[:5]
        ],
    }  # fmt: skip


def _told(story: list[Why], programme: ProgrammeView) -> list[dict[str, Any]]:
    names = names_of({entry.customer_id for entry in story if entry.customer_id})
    return [_tell(entry, names, programme) for entry in story]


def _tell(entry: Why, names: dict[int, str], programme: ProgrammeView) -> dict[str, Any]:
    icon, tone, title = _KINDS.get(entry.kind, ("point", "", entry.kind))
    values = {
        "name": names.get(entry.customer_id or 0, ""),
        "order": entry.values.get("order", ""),
        "code": entry.values.get("code", ""),
    }
    if entry.kind.startswith("reward_"):
        reward = entry.values.get("reward")
        icon, tone, title = _REWARD_KINDS[entry.kind]
        values["reward"] = offer_text(reward.offer) if reward else _("No reward")
        values["role"] = _("as the inviter") if entry.values.get("role") == "referrer" else _("as the friend")
    return {
        "at": entry.at, "icon": icon, "tone": tone if not entry.reason else "warn", "title": _(title) % values, "code": entry.reason,
        "reason": reason_text(entry.reason), "checks": check_lines(entry.trace), "programme": programme,
    }  # fmt: skip


def gettext_noop(text: str) -> str:
    """Marks a text for the translators; `_tell` translates it."""
    return text


_KINDS: dict[str, tuple[str, str, str]] = {
    "viewed": ("eye", "", gettext_noop("Looked at their own invitation page")),
    "shared": ("share", "", gettext_noop("Took their link to share it")),
    "opened": ("link", "", gettext_noop("Opened the link of %(name)s")),
    "signed_up": ("user-plus", "good", gettext_noop("Signed up, bound to %(name)s")),
    "sign_up_refused": ("ban", "warn", gettext_noop("Sign-up with the code %(code)s does not count")),
    "friend_signed_up": ("user-plus", "good", gettext_noop("%(name)s signed up as their friend")),
    "friend_refused": ("ban", "warn", gettext_noop("The sign-up of %(name)s does not count")),
    "coupon_used": ("ticket", "good", gettext_noop("Used the coupon %(code)s on order %(order)s")),
    "coupon_refused": ("ban", "warn", gettext_noop("The coupon %(code)s does not count on order %(order)s")),
    "ordered": ("shopping-bag", "", gettext_noop("Order %(order)s was judged")),
}


_REWARDS: dict[Told, tuple[str, str, str]] = {
    "not_given": ("ban", "warn", gettext_noop("No reward for order %(order)s, %(role)s")),
    "checking": ("user-question", "warn", gettext_noop("%(reward)s waits for a person for order %(order)s, %(role)s")),
    "waiting": ("clock", "", gettext_noop("%(reward)s on its way for order %(order)s, %(role)s")),
    "coming": ("truck-delivery", "", gettext_noop("%(reward)s being delivered for order %(order)s, %(role)s")),
    "received": ("gift", "good", gettext_noop("%(reward)s paid for order %(order)s, %(role)s")),
    "expired": ("hourglass-empty", "", gettext_noop("%(reward)s expired unused for order %(order)s, %(role)s")),
    "not_delivered": ("arrow-back-up", "warn", gettext_noop("%(reward)s not delivered for order %(order)s, %(role)s")),
    "taken_back": ("arrow-back-up", "warn", gettext_noop("%(reward)s taken back for order %(order)s, %(role)s")),
}
_REWARD_KINDS = {f"reward_{told}": words for told, words in _REWARDS.items()}


@requires("referrals:view")
@require_safe
def customer_panel(request: HttpRequest, customer_id: int) -> HttpResponse:
    """What referrals know of one customer; loaded into the customer's page."""
    person = customers.find_customer(customer_id)
    if person is None:
        raise NotFound("customer_not_found", gettext_noop("There is no customer %(id)s."), id=customer_id)
    programmes = {each.id: each for each in queries.list_programmes()}
    invited_by, invited = queries.list_referrals(referee_id=person.id), queries.list_referrals(referrer_id=person.id)
    names = names_of({r.referrer_id for r in invited_by} | {r.referee_id for r in invited})
    taking_part = queries.list_participations(person.id)
    context = {
        "customer_id": person.id,
        "taking_part": [
            {"participation": p, "programme": programmes[p.programme_id], "own_page": _own_page(p.code) if may(request, "referrals:edit") else ""}
            for p in taking_part
        ],
        "invited_by": [_line(r.referrer_id, r, names, programmes) for r in invited_by],
        "invited": [_line(r.referee_id, r, names, programmes) for r in invited[:20]],
        "stories": [
            entry
            for key in {r.programme_id for r in [*invited_by, *invited]}
            for entry in _told([e for e in queries.list_story(person.id, programme_id=key) if e.reason or e.kind.startswith("reward")], programmes[key])
        ],
    }  # fmt: skip
    return render(request, "referrals/panel.html", context)


def _line(other: int, referral: Any, names: dict[int, str], programmes: dict[int, ProgrammeView]) -> dict[str, Any]:
    return {
        "name": names[other], "href": customer_href(other), "referral": referral, "programme": programmes[referral.programme_id],
        "state": REFERRAL_STATES[referral.state], "reason": reason_text(referral.reason),
    }  # fmt: skip


def names_of(ids: set[int]) -> dict[int, str]:
    """Masked names, by old numbers, too; who has none is called by the masked phone number or the customer number,
    who was erased by that."""
    finals = customers.find_final_ids(ids)
    found = customers.list_personal({finals.get(each, each) for each in ids})
    names = {each: _("Erased customer") for each in customers.list_erased(ids)}
    for each in ids - set(names):
        standing = finals.get(each, each)
        personal = found.get(standing)
        names[each] = (mask_name(personal.name) or mask_phone(personal.phone)) if personal else ""
        names[each] = names[each] or customer_number(standing)
    return names


def may(request: HttpRequest, permission: str) -> bool:
    """Whether this user has the right; buttons that would be refused are not shown."""
    return bool(request.user.may(permission))  # type: ignore[union-attr]


def customer_href(customer_id: int | None) -> str:
    if customer_id is None:
        return ""
    try:
        return reverse("customers:detail", args=[customer_id])
    except NoReverseMatch:
        return ""
