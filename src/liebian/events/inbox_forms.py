"""Forms of sources, schemas and repairs. They check shape; what may be said is decided by the services."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.events.checking.repair import text_of
from liebian.events.checking.types import FIELD_TYPES, INTEGER, NUMBER, FieldRule, LearnedField, Step
from liebian.events.checking.values import cast
from liebian.events.inbox.types import ARRIVAL_KINDS, SourceDetail
from liebian.events.labels import KINDS
from liebian.events.reasons import ARRIVALS, SCHEMA_TYPES, TYPES, group_text

SPARE_ROWS = 3
_PART = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^";；])+')
_SIDE = re.compile(r'(?P<old>"(?:[^"\\]|\\.)*"|[^"]*?)\s*(?:->|→|=>)\s*(?P<new>.+)', re.DOTALL)
MAX_ROWS = 200
_SMALL = {"class": "form-control-sm"}
_OWN_FIELDS = {"list": "own-fields", "spellcheck": "false"}


class SourceSettingsForm(forms.Form):
    allowed_origins = forms.CharField(
        label=_("Allowed web origins"), required=False, widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One on each line, for example https://shop.example. Empty: every page may send."),
    )  # fmt: skip
    events_per_second = forms.IntegerField(
        label=_("Events a second"), required=False, min_value=1,
        help_text=_("More are asked to come later (429), and nothing is lost. Empty: no limit of its own."),
    )  # fmt: skip
    unknown_events = forms.ChoiceField(
        label=_("Events without a schema"),
        choices=[("allow", _("Let them in")), ("quarantine", _("Put them into quarantine"))],
        help_text=_("This is about track events; people's traits and page views without a schema are let in."),
    )

    @classmethod
    def of(cls, source: SourceDetail) -> SourceSettingsForm:
        return cls(
            initial={
                "allowed_origins": "\n".join(source.allowed_origins), "events_per_second": source.events_per_second,
                "unknown_events": source.unknown_events,
            }
        )  # fmt: skip

    def settings(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {**given, "allowed_origins": given["allowed_origins"].splitlines()}


class LiveFilterForm(forms.Form):
    source = forms.ChoiceField(label=_("Source"), required=False)
    kind = forms.ChoiceField(
        label=_("Outcome"), required=False,
        choices=[("", _("Every outcome")), *((kind, ARRIVALS[kind][0]) for kind in ARRIVAL_KINDS)],
    )  # fmt: skip
    name = forms.CharField(label=_("Event"), required=False, max_length=200)

    def __init__(self, sources: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Every source")), *((name, name) for name in sources)]
        self.fields["source"].choices = choices  # type: ignore[attr-defined]


class SourceFilterForm(forms.Form):
    q = forms.CharField(label=_("Name"), required=False, max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("Every kind")), *KINDS.items()])
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("Every state")), ("on", _("May send")), ("off", _("Stopped"))]
    )


class UnregisteredFilterForm(forms.Form):
    q = forms.CharField(label=_("Event"), required=False, max_length=200)
    type = forms.ChoiceField(
        label=_("Kind of message"), required=False, choices=[("", _("Every kind of message")), *SCHEMA_TYPES.items()]
    )


class SchemaFilterForm(UnregisteredFilterForm):
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("Every state")), ("on", _("In use")), ("off", _("Switched off"))],
    )


class GroupFilterForm(forms.Form):
    q = forms.CharField(label=_("Event"), required=False, max_length=200)
    source = forms.ChoiceField(label=_("Source"), required=False)
    code = forms.ChoiceField(label=_("Reason"), required=False)

    def __init__(self, sources: Iterable[str], codes: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["source"].choices = [("", _("Every source")), *((name, name) for name in sources)]
        fields["code"].choices = [("", _("Every reason")), *((code, group_text(code)) for code in codes)]


def wanted_of(form: forms.Form) -> dict[str, Any]:
    """What a filter asks for; a field that says something impossible asks for nothing."""
    form.is_valid()
    return {name: form.cleaned_data.get(name, "") for name in form.fields}


class SchemaForm(forms.Form):
    type = forms.ChoiceField(label=_("Kind of message"), choices=list(SCHEMA_TYPES.items()))
    name = forms.CharField(
        label=_("Name of the event"), required=False, max_length=200,
        help_text=_("Exactly as it is sent, for example Order Completed. Traits of a person have no name."),
    )  # fmt: skip
    corrects = forms.BooleanField(
        label=_("Make safe corrections"), required=False, initial=True,
        help_text=_("“12.5” becomes 12.5, 3 becomes “3”, blanks around texts are cut. Each correction is noted with the event."),
    )  # fmt: skip
    other_fields = forms.BooleanField(
        label=_("Other fields are allowed"), required=False, initial=True,
        help_text=_("Without this, an event with a field that is not listed goes to quarantine."),
    )  # fmt: skip
    version = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, is_new: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            for field in ("type", "name"):
                self.fields[field].disabled = True


class FieldForm(forms.Form):
    """One field of a schema. A row without a name is not there."""

    path = forms.CharField(label=_("Field"), required=False, max_length=200, widget=forms.TextInput(attrs=_SMALL))
    type = forms.ChoiceField(
        label=_("Type"),
        choices=[(kind, TYPES[kind]) for kind in FIELD_TYPES],
        initial="string",
        widget=forms.Select(attrs={"class": "form-select-sm"}),
    )
    required = forms.BooleanField(label=_("Required"), required=False)
    one_of = forms.CharField(label=_("Allowed values"), required=False, widget=forms.TextInput(attrs=_SMALL))
    min = forms.FloatField(
        label=_("Smallest"), required=False, widget=forms.NumberInput(attrs={**_SMALL, "step": "any"})
    )
    max = forms.FloatField(
        label=_("Largest"), required=False, widget=forms.NumberInput(attrs={**_SMALL, "step": "any"})
    )

    def rule(self) -> FieldRule | None:
        given = self.cleaned_data
        if not given.get("path"):
            return None
        kind = given["type"]
        told = [part.strip() for part in given["one_of"].replace("，", ",").split(",") if part.strip()]
        values = [cast(part, kind) if kind in {NUMBER, INTEGER} else part for part in told]
        return FieldRule(
            path=given["path"], type=kind, required=given["required"],
            one_of=tuple(text if value is None else value for text, value in zip(told, values, strict=True)),
            min=_whole(given["min"]), max=_whole(given["max"]),
        )  # fmt: skip


FieldFormSet = forms.formset_factory(FieldForm, extra=0, max_num=MAX_ROWS, absolute_max=MAX_ROWS + 50)


def initial_fields(rules: Iterable[FieldRule], spare: int = SPARE_ROWS) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "path": rule.path, "type": rule.type, "required": rule.required,
            "one_of": ", ".join(str(one) for one in rule.one_of), "min": rule.min, "max": rule.max,
        }
        for rule in rules
    ]  # fmt: skip
    return rows + [{} for _number in range(spare)]


def rules_of(learned: Iterable[LearnedField]) -> list[FieldRule]:
    return [field.rule for field in learned]


class StepForm(forms.Form):
    """One step of a repair. A row without a choice is not there."""

    op = forms.ChoiceField(
        label=_("Step"), required=False,
        choices=[
            ("", "—"), ("rename", _("Rename a field")), ("copy", _("Copy a field")), ("cast", _("Change a field's type")),
            ("read_time", _("Read a time")), ("set", _("Set a field")), ("drop", _("Leave a field out")),
            ("rename_event", _("Give the event another name")), ("map", _("Replace values, leave others")),
            ("map_only", _("Replace values, refuse others")),
        ],
    )  # fmt: skip
    field = forms.CharField(label=_("Field"), required=False, max_length=200, widget=forms.TextInput(attrs=_OWN_FIELDS))
    to = forms.CharField(
        label=_("New name, type, form or value"), required=False, max_length=4000, widget=forms.TextInput(attrs=_OWN_FIELDS)
    )  # fmt: skip

    def step(self) -> Step | None:
        given = self.cleaned_data
        if not given.get("op"):
            return None
        to: Any = given["to"]
        if given["op"] == "cast":
            to = _type_named(to)
        elif given["op"] == "set":
            to = _value(to)
        elif given["op"] in {"map", "map_only"}:
            to = read_pairs(to)
        return Step(given["op"], given["field"], to)


StepFormSet = forms.formset_factory(StepForm, extra=0, max_num=10, absolute_max=10)


class DismissForm(forms.Form):
    reason = forms.CharField(label=_("Why they are not wanted"), max_length=500)


def _whole(value: float | None) -> float | int | None:
    return int(value) if value is not None and value == int(value) else value


def read_pairs(text: str) -> tuple[tuple[str, Any], ...]:
    """What `old -> new; old -> new` means; nothing where a part of it cannot be read. Quotation marks hold what would mean something.

    >>> read_pairs('1 -> paid; "a;b" -> 7; 否 → false')
    (('1', 'paid'), ('a;b', 7), ('否', False))
    >>> read_pairs("1 -> paid; 2")
    ()
    """
    pairs = []
    for part in _PART.findall(text):
        if not part.strip():
            continue
        sides = _SIDE.fullmatch(part.strip())
        if sides is None:
            return ()
        old = _value(sides["old"].strip())
        pairs.append((text_of(old) or sides["old"].strip(), _value(sides["new"].strip())))
    return tuple(pairs)


def _type_named(text: str) -> str:
    """A type by its own name or by its word in the reader's language."""
    wanted = text.strip().lower()
    return next((kind for kind in FIELD_TYPES if wanted in {kind, str(TYPES[kind]).lower()}), wanted)


def _value(text: str) -> Any:
    """Numbers, true, false and lists as JSON; everything else, and text in quotation marks, is text."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text
    return value if isinstance(value, str | int | float | bool | list | dict) else text
