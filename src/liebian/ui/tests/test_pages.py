from types import SimpleNamespace

import pytest
from babel.messages.pofile import read_po
from django.template.loader import render_to_string

from liebian.core import errors
from liebian.ui.gallery import gallery_context
from liebian.ui.tests.pages import NOBODY, SIGNED_IN, render_page
from liebian.ui.tests.test_components import UI


def test_the_shell_renders_where_no_other_app_is_mounted():
    html = render_page("ui/base.html", nav_items=[])
    assert 'id="main"' in html and "Skip to the content" in html


def test_the_shell_marks_the_page_that_is_open():
    item = SimpleNamespace(label="Customers", icon="users", line_before=False)
    html = render_page("ui/base.html", nav_items=[{"item": item, "url": "/customers/", "active": True}])
    assert 'href="/customers/" aria-current="page"' in html


@pytest.mark.parametrize(
    "kind", [errors.Invalid, errors.NotFound, errors.NotAllowed, errors.Conflict, errors.Unavailable]
)
@pytest.mark.parametrize("user", [SIGNED_IN, NOBODY], ids=["signed in", "nobody"])
def test_an_error_says_what_happened_what_was_kept_and_its_code(kind, user):
    html = render_page("ui/error.html", user=user, error=kind("some_code", "The budget is <empty>."))
    assert "The budget is &lt;empty&gt;." in html
    assert "Nothing was" in html and "some_code" in html and 'href="/"' in html


@pytest.mark.parametrize("template", ["403.html", "404.html"])
def test_missing_and_forbidden_pages_lead_back(template):
    for user in (SIGNED_IN, NOBODY):
        assert 'href="/"' in render_page(template, user=user)


def test_the_page_for_a_crash_needs_no_request():
    assert 'href="/"' in render_to_string("500.html")


def test_a_customers_page_loads_only_its_own_style():
    html = render_page("ui/phone.html", brand_style="--ph-brand:#123456")
    assert "phone.css" in html and "<script" not in html and "tabler" not in html
    assert 'style="--ph-brand:#123456"' in html


def test_the_sign_in_page_asks_nothing_of_a_signed_out_person():
    assert "lb-nav" not in render_page("ui/plain.html", user=NOBODY)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_gallery_renders_in_both_languages(language):
    html = render_page("ui/gallery.html", language=language, **gallery_context())
    assert html.count("data-option=") == 8


def test_every_word_has_a_chinese_translation():
    with (UI / "locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as file:
        catalogue = read_po(file)
    empty = [m.id for m in catalogue if m.id and (not m.string or m.fuzzy)]
    assert len(catalogue) > 100 and not empty
