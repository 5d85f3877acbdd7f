"""The models there are, and when they were last computed."""

from __future__ import annotations

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.tiers import words
from liebian.tiers.models import TierModel, TierRun
from liebian.tiers.rules import CELLS
from liebian.tiers.types import TierModelView, TierRunView


def view_model(row: TierModel) -> TierModelView:
    return TierModelView(
        id=row.pk,
        name=row.name,
        kind=row.kind,
        version=row.version,
        parameters=row.parameters,
        is_active=row.is_active,
        changed_at=row.changed_at,
    )


def list_models() -> list[TierModelView]:
    """Active models, in the order in which they were made: RFM, ABC, lifecycle."""
    return [view_model(row) for row in TierModel.objects.filter(is_active=True).order_by("id")]


def list_cells() -> dict[str, tuple[tuple[str, str], ...]]:
    """(code, name) of the cells of every kind, in the active language."""
    return {kind: tuple((cell, words.cell_label(kind, cell)) for cell in cells) for kind, cells in CELLS.items()}


def get_model(model_id: int) -> TierModelView:
    row = TierModel.objects.filter(pk=model_id).first()
    if row is None:
        raise NotFound(
            "no_such_tier_model", _("There is no tier model %(model_id)s. The list is under Tiers."), model_id=model_id
        )
    return view_model(row)


def find_model(kind: str) -> TierModelView | None:
    """The active model of a kind."""
    row = TierModel.objects.filter(kind=kind, is_active=True).order_by("id").first()
    return view_model(row) if row else None


def find_last_run(model_id: int) -> TierRunView | None:
    """The run whose places stand beside the customers now."""
    row = TierRun.objects.filter(model_id=model_id).order_by("-computed_at", "-id").first()
    return _view_run(row) if row else None


def _view_run(row: TierRun) -> TierRunView:
    return TierRunView(row.model_id, row.version, row.as_of, row.counts, row.computed_at)
