import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.errors import Conflict, Invalid, LiebianError, NotFound
from liebian.core.texts import Term, fill, mark


def test_a_program_reads_an_error_in_english_with_its_details_filled_in():
    error = NotFound("import_not_found", mark("There is no import %(job_id)s."), job_id=7)
    assert str(error) == error.message == "There is no import 7."
    assert (error.code, error.details, error.status) == ("import_not_found", {"job_id": 7}, 404)


def test_a_detail_may_have_any_name():
    error = NotFound("account_not_found", mark("There is no account %(code)s."), code="cash", msgid="x", message="y")
    assert (error.code, error.message) == ("account_not_found", "There is no account cash.")


def test_lists_are_joined_and_percent_signs_are_left_alone():
    assert (
        fill("%(days)s at 30%% or %d/%m, %(missing)s", {"days": ["Mo", "Tu"]}) == "Mo, Tu at 30% or %d/%m, %(missing)s"
    )


@given(st.text(), st.text())
def test_what_somebody_typed_is_shown_as_it_is(typed, other):
    assert fill("<%(typed)s|%(other)s>", {"typed": typed, "other": other}) == f"<{typed}|{other}>"


def test_a_term_is_english_text_for_programs():
    error = Invalid("bad_rule", mark("Not here: %(reason)s."), reason=Term(mark("at most %(limit)s levels"), limit=6))
    assert error.message == "Not here: at most 6 levels."
    assert json.loads(json.dumps(error.details)) == {"reason": "at most 6 levels"}


@pytest.mark.parametrize("kind", [LiebianError, Invalid, Conflict])
def test_every_error_is_one_of_ours(kind):
    assert isinstance(kind("code", mark("Nothing was saved.")), LiebianError)
