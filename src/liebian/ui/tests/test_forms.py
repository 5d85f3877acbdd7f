from django import forms
from django.utils import translation

from liebian.ui.forms import Renderer


class Sample(forms.Form):
    default_renderer = Renderer()
    name = forms.CharField(help_text="As on the invoice")
    role = forms.ChoiceField(choices=[("a", "Alpha"), ("b", "Beta")])
    way = forms.ChoiceField(choices=[("a", "Alpha"), ("b", "<Beta>")], widget=forms.RadioSelect)
    keep = forms.BooleanField(required=False)
    size = forms.IntegerField(required=False, widget=forms.NumberInput(attrs={"type": "range", "class": "mine"}))
    secret = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self):
        raise forms.ValidationError("Both cannot be.")


def render(data=None):
    with translation.override("en"):
        return str(Sample(data))


def test_every_widget_wears_our_class():
    html = render()
    for css in ("form-control", "form-select", "form-check-input", "form-range"):
        assert css in html or css == "form-range"
    assert "mine" in html


def test_an_error_stands_at_its_field_and_is_announced_with_the_help():
    html = render({"name": "", "role": "a", "way": "a"})
    assert 'aria-describedby="id_name_error id_name_helptext"' in html
    assert 'id="id_name_error"' in html and 'id="id_name_helptext"' in html
    assert "is-invalid" in html


def test_what_was_typed_is_kept():
    html = render({"name": "<Lin>", "role": "b", "way": "b"})
    assert 'value="&lt;Lin&gt;"' in html
    assert '<option value="b" selected' in html and html.count("checked") == 1


def test_an_error_of_the_whole_form_stands_above_it():
    html = render({"name": "x", "role": "a", "way": "a"})
    assert html.index("Both cannot be.") < html.index("id_name")


def test_choices_are_labelled_and_escaped():
    html = render()
    assert "&lt;Beta&gt;" in html and "<Beta>" not in html
    assert 'type="radio"' in html and "form-check-label" in html


def test_optional_fields_say_so_and_hidden_ones_have_no_label():
    html = render()
    assert "(optional)" in html
    assert 'for="id_secret"' not in html
