"""Every error that people may see has a text that can be translated, and it is translated.

An error carries a stable code and a marked English text with named places; the details fill the places. A text that is put
together before (an f-string, a sum, an already translated text) would reach every reader in one language.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

SOURCE = Path(__file__).resolve().parents[2] / "src" / "liebian"
MARKERS = {"_": "liebian.core.texts.mark", "gettext_noop": "django.utils.translation.gettext_noop"}
PLACE = re.compile(r"%\((\w+)\)s")


@dataclass
class Module:
    path: Path
    tree: ast.Module

    def __str__(self) -> str:
        return str(self.path.relative_to(SOURCE))

    @cached_property
    def imports(self) -> dict[str, str]:
        """Names of the module and what they stand for."""
        return {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    def classes(self) -> Iterator[tuple[str, list[str]]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                yield node.name, [base.id for base in node.bases if isinstance(base, ast.Name)]

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))


@cache
def read_modules() -> list[Module]:
    paths = sorted(path for path in SOURCE.rglob("*.py") if not {"tests", "migrations"} & set(path.parts))
    return [Module(path, ast.parse(path.read_text())) for path in paths]


def error_classes(modules: list[Module]) -> set[str]:
    """LiebianError and everything derived from it."""
    bases = dict(pair for module in modules for pair in module.classes())
    found = {"LiebianError"}
    while more := {name for name, above in bases.items() if found & set(above)} - found:
        found |= more
    return found


def text_problem(module: Module, call: ast.Call) -> str | None:
    """Why the text of this error cannot be translated, or None. A class of its own may bring its text itself."""
    texts = [a for a in call.args if not (isinstance(a, ast.Constant) and isinstance(a.value, int))]
    if len(texts) < 2 or not (isinstance(texts[0], ast.Constant) and isinstance(texts[0].value, str)):
        return "needs a literal code and a text"
    text = marked_text(module, texts[1])
    if text is None:
        return "needs a literal text in _(…) of liebian.core.texts.mark (or gettext_noop)"
    given = {keyword.arg for keyword in call.keywords}
    missing = set(PLACE.findall(text)) - {name for name in given if name}
    if missing and None not in given:
        return f"has no detail for {', '.join(sorted(missing))}"
    return None


def marked_text(module: Module, node: ast.expr) -> str | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1):
        return None
    marker = MARKERS.get(node.func.id)
    own = marker if node.func.id == "gettext_noop" else ""  # some modules define a marker of that name themselves
    is_marker = marker is not None and module.imports.get(node.func.id, own) == marker
    argument = node.args[0]
    if is_marker and isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    return None


def errors_with_own_text(modules: list[Module]) -> set[str]:
    """Classes whose constructor takes no text: it is marked where they call their base."""
    return {
        node.name
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init__"
        if not {"message", "msgid"} & {a.arg for a in (*inner.args.posonlyargs, *inner.args.args)}
    }


@cache
def error_names() -> set[str]:
    return error_classes(read_modules()) - errors_with_own_text(read_modules())


def raised(module: Module) -> Iterator[ast.Call]:
    return (call for call in module.calls() if isinstance(call.func, ast.Name) and call.func.id in error_names())


def translated() -> set[str]:
    known: set[str] = set()
    for path in SOURCE.glob("*/locale/zh_Hans/LC_MESSAGES/django.po"):
        with path.open("rb") as file:
            known |= {str(m.id) for m in read_po(file, locale="zh") if m.id and m.string and not m.fuzzy}
    return known


def test_the_errors_are_found():
    assert {"Invalid", "NotFound", "Conflict", "Refused"} <= error_names()
    assert sum(1 for module in read_modules() for _call in raised(module)) > 100


def test_every_error_has_a_code_and_a_marked_text_with_its_details():
    problems = [
        f"{module}:{call.lineno} {problem}"
        for module in read_modules()
        for call in raised(module)
        if (problem := text_problem(module, call))
    ]
    assert problems == []


def test_every_marked_text_is_in_a_chinese_catalogue():
    known = translated()
    texts = {
        text for module in read_modules() for call in module.calls() if (text := marked_text(module, call)) is not None
    }
    assert sorted(texts - known) == []


@pytest.mark.parametrize("line", [
    'raise Invalid("code", f"There is no {name}.")',
    'raise Invalid("code", "Nothing was marked.")',
    'raise Invalid("code", _("There is no %(name)s.") % {"name": name})',
    'raise Invalid("code", _("There is no %(name)s."))',
    'raise Invalid("code", message)',
    'raise Invalid(code, _("Nothing."))',
])  # fmt: skip
def test_a_text_that_cannot_be_translated_is_caught(line):
    module = Module(SOURCE / "x.py", ast.parse(f"from liebian.core.texts import mark as _\n{line}"))
    assert any(text_problem(module, call) for call in raised(module))


def test_a_text_that_is_translated_too_early_is_caught():
    source = 'from django.utils.translation import gettext as _\nraise Invalid("code", _("Nothing."))'
    module = Module(SOURCE / "x.py", ast.parse(source))
    assert [text_problem(module, call) is None for call in raised(module)] == [False]
