"""The builder's form: a rule tree as fields that keep whatever was typed, also when it is not finished."""

from liebian.segments.forms.draft import Node, draft_of, read_draft
from liebian.segments.forms.edit import apply_action
from liebian.segments.forms.finish import Finished, finish
from liebian.segments.forms.subjects import Subject, list_subjects

__all__ = ["Finished", "Node", "Subject", "apply_action", "draft_of", "finish", "list_subjects", "read_draft"]
