"""What the API's document allows and what it forbids, made into requests from the document itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck
from schemathesis.checks import not_a_server_error
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from urllib3 import HTTPResponse

from liebian.events.openapi import describe
from liebian.events.tests.client import Answer
from tests.flows.fuzzing import Request

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance,
]  # fmt: skip


def check_address(path: str, ask: Callable[[Request], Answer], *, seed: int, max_examples: int) -> None:
    """Every answer of this address is one that its document knows."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=max_examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def check(case: Any) -> None:
        sent = requests.Request(**case.as_transport_kwargs(base_url="http://shop.test")).prepare()
        headers = {name.lower(): value for name, value in sent.headers.items()}
        data = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
        answer = ask(Request(case.path, data, headers, sent.method or ""))
        case.validate_response(_as_response(sent, answer), checks=CHECKS)

    document = schemathesis.openapi.from_dict(describe()).include(path=path)
    tests = list(get_all_tests(schema=document, test_func=check, settings=None, given_kwargs={}))
    assert tests, path
    for found in tests:
        _operation, test = found.ok()
        test()


def _as_response(sent: requests.PreparedRequest, answer: Answer) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request, response.url = answer.status, sent, sent.url or ""
    response.headers.update(answer.headers)
    response._content = answer.body
    response.raw = HTTPResponse(body=answer.body, headers=answer.headers, status=answer.status, preload_content=False)
    return response
