"""One error, said to everybody who may meet it: people in their language, programs in English."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.utils import translation
from liebian_analytics.errors import RuleError, SchemaMismatch

from liebian.access.permissions import ADMINISTRATOR, VIEWER
from liebian.access.tests.factories import make_user
from liebian.config import terminal
from liebian.config.middleware import ErrorPages
from liebian.core.errors import NotFound
from liebian.core.texts import mark
from liebian.events.tests.client import TrackingClient

pytestmark = pytest.mark.django_db(databases="__all__")
MISSING = NotFound("import_not_found", mark("There is no import %(job_id)s."), job_id="<7>")
ADDRESSES = [
    ("/imports/424242", "没有编号为 424242 的导入。", "There is no import 424242."),
    ("/segments/424242", "没有编号为 424242 的分群。", "There is no segment 424242."),
    ("/tiers/424242", "没有编号为 424242 的分级模型。", "There is no tier model 424242."),
    ("/referrals/424242", "没有编号为 424242 的裂变活动。", "There is no referral programme 424242."),
]


def client_of(role, language):
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


@pytest.mark.parametrize(("language", "position"), [("zh-hans", 1), ("en", 2)])
@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address[0])
def test_a_page_says_what_is_missing_in_the_readers_language(address, language, position):
    answer = client_of(ADMINISTRATOR, language).get(address[0])
    page = answer.content.decode()
    assert answer.status_code == 404
    assert address[position] in page
    assert address[3 - position] not in page


@pytest.mark.parametrize(
    ("language", "said"), [("zh-hans", "您的角色没有「修改分群」这项权限"), ("en", "Your role does not include")]
)
def test_a_page_says_which_right_is_missing(language, said):
    answer = client_of(VIEWER, language).get("/segments/new")
    assert answer.status_code == 403
    assert said in answer.content.decode()


def answer_to(error, address, language="zh-hans"):
    request = RequestFactory().get(address)
    request.user = AnonymousUser()
    with translation.override(language):
        return ErrorPages(lambda _request: None).process_exception(request, error)


def test_programs_get_a_code_an_english_text_and_details():
    answer = answer_to(MISSING, "/v1/anything")
    assert answer.status_code == 404
    assert json.loads(answer.content) == {
        "error": {"code": "import_not_found", "message": "There is no import <7>.", "details": {"job_id": "<7>"}}
    }


def test_what_was_typed_is_escaped_on_a_page():
    page = answer_to(MISSING, "/imports/7").content.decode()
    assert "没有编号为 &lt;7&gt; 的导入。" in page
    assert "<7>" not in page


@pytest.mark.parametrize(("error", "status", "said"), [
    (RuleError("rules[1].value", "expected an integer"), 422, "rules[1].value 处的条件无法使用"),
    (SchemaMismatch("order_facts needs the column 'day'"), 503, "现有的历史数据还不适合这一页"),
])  # fmt: skip
def test_what_the_library_refuses_becomes_a_sentence(error, status, said):
    answer = answer_to(error, "/segments/1")
    assert answer.status_code == status
    assert said in answer.content.decode()


def test_other_errors_are_left_to_the_server():
    assert answer_to(ValueError("a mistake of ours"), "/segments/1") is None


@pytest.mark.parametrize(("variables", "said"), [
    ({"LANG": "zh_CN.UTF-8"}, "没有编号为 <7> 的导入。"),
    ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "There is no import <7>."),
    ({}, "There is no import <7>."),
])  # fmt: skip
def test_a_command_speaks_the_language_of_the_terminal(variables, said, monkeypatch, capsys):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        terminal.fail(MISSING, as_json=False)
    assert ended.value.code == 1
    assert f"{said} (import_not_found)" in capsys.readouterr().err


def test_a_command_with_json_speaks_english(monkeypatch, capsys):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    with pytest.raises(SystemExit):
        terminal.fail(MISSING, as_json=True)
    assert json.loads(capsys.readouterr().out)["error"]["message"] == "There is no import <7>."


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_refused_message_is_answered_in_english_whatever_the_language():
    tracking = TrackingClient()
    answer = tracking.post("/v1/track", "[]", accept_language="zh-hans")
    tracking.close()
    assert answer.status == 400
    assert answer.json()["error"]["message"] == "The body must be a JSON object."


def test_the_catalogues_of_commands_are_shipped():
    from django.conf import settings

    assert all((Path(folder) / "zh_Hans" / "LC_MESSAGES" / "django.po").exists() for folder in settings.LOCALE_PATHS)
