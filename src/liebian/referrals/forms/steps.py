"""The steps of the wizard in their order."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from liebian.referrals.forms.limits import LimitsForm
from liebian.referrals.forms.wizard import BudgetForm, GoalForm, PeopleForm, RewardsForm, StepForm, TextsForm

STEP_FORMS: dict[str, type[StepForm]] = {
    "goal": GoalForm, "people": PeopleForm, "rewards": RewardsForm, "budget": BudgetForm, "limits": LimitsForm,
    "texts": TextsForm,
}  # fmt: skip
STEPS = (*STEP_FORMS, "publish")
STEP_LABELS = {
    "goal": gettext_lazy("Goal"),
    "people": gettext_lazy("Whom to invite"),
    "rewards": gettext_lazy("Rewards"),
    "budget": gettext_lazy("Budget and conditions"),
    "limits": gettext_lazy("Limits"),
    "texts": gettext_lazy("Texts"),
    "publish": gettext_lazy("Check and publish"),
}
