import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from liebian.ui.icons import UnknownIcon, render_icon
from liebian.ui.tests.pages import render_source

UI = Path(__file__).parents[1]
SOURCE = UI.parent
COMPONENTS = sorted((UI / "templates" / "cotton").glob("*.html"))


@pytest.mark.parametrize("file", COMPONENTS, ids=lambda file: file.stem)
def test_every_component_is_listed_and_shown_in_the_gallery(file):
    name = f"c-{file.stem.replace('_', '-')}"
    shown = "".join(page.read_text(encoding="utf-8") for page in (UI / "templates").rglob("*.html") if page != file)
    assert f"`{name}`" in (UI / "COMPONENTS.md").read_text(encoding="utf-8")
    assert re.search(rf"<{name}[\s>/]", shown)
    get_template(f"cotton/{file.name}")


def test_text_from_people_is_escaped_once_whichever_way_it_goes_in():
    evil = '<script>&"'
    for source in (
        "<c-badge>{{ t }}</c-badge>",
        '<c-note title="{{ t }}" />',
        '<c-note :title="t" />',
        '<c-stat label="x" :value="t" />',
    ):
        html = render_source(source, t=evil)
        assert "<script>" not in html
        assert html.count("&lt;script&gt;&amp;&quot;") == 1


def test_a_component_does_not_take_what_it_was_not_given():
    html = render_source("<c-card>inside</c-card>", title="Leaked", footer="Leaked", tools="Leaked", sub="Leaked")
    assert "Leaked" not in html and "inside" in html


def test_an_interval_places_its_ends_on_the_scale_and_says_them():
    html = render_source(
        '<c-interval :low="lo" :point="at" :high="hi" end="600" label="158–458" reference="0" />',
        lo=158,
        at=308,
        hi=458,
    )
    assert "--lo:26.33;--at:51.33;--hi:76.33;--ref:0" in html
    assert 'aria-label="158–458"' in html and "<u></u>" in html


def test_an_interval_without_an_estimate_draws_nothing():
    assert render_source('<c-interval :low="x" :point="x" :high="x" />', x=None).strip() == ""


def test_numbers_in_style_and_address_are_never_grouped():
    html = render_source('<c-tier :k="k">x</c-tier><c-progress percent="{{ p|plain }}" label="l" />', k=3, p=64)
    assert "k3" in html and "--w:64" in html


def test_a_mask_without_a_right_to_reveal_has_no_door():
    assert "href" not in render_source('<c-mask value="138****6021" field="phone" />')
    assert 'href="/reveal"' in render_source('<c-mask value="138****6021" field="phone" href="/reveal" />')


def test_an_icon_beside_a_word_is_silent_and_alone_it_speaks():
    assert 'aria-hidden="true"' in render_icon("home")
    assert 'role="img" aria-label="Home"' in render_icon("home", "Home")


def test_an_unknown_icon_is_named():
    with pytest.raises(UnknownIcon, match="no-such-icon"):
        render_icon("no-such-icon")
    with pytest.raises(UnknownIcon):
        render_icon("../../../../package")


def test_every_icon_that_a_template_names_exists():
    used = set()
    for page in SOURCE.glob("*/templates/**/*.html"):
        text = page.read_text(encoding="utf-8")
        used |= set(re.findall(r"{% icon [\"']([a-z0-9-]+)[\"']", text)) | set(
            re.findall(r"[ <]icon=\"([a-z0-9-]+)\"", text)
        )
    missing = {
        name
        for name in used
        if not (Path(settings.ROOT) / "node_modules/@tabler/icons/icons/outline" / f"{name}.svg").is_file()
    }
    assert used and not missing


def test_templates_hold_no_inline_script_and_no_evaluated_attribute():
    for page in SOURCE.glob("*/templates/**/*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text), page
        assert not re.search(r"\son[a-z]+=|hx-on|[\"']js:", text), page
