"""Messages of providers. Whoever sends one has to have signed it; everything else is the service's."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from liebian.access.guard import public
from liebian.core import clock
from liebian.payouts import services

MOST = 64 * 1024


@public
@csrf_exempt
def notice(request: HttpRequest, account_id: int) -> JsonResponse:
    """Answered with 401 when it is not the provider's, so that the provider, if it was, sends it again."""
    told = request.headers.get("Content-Length") or "0"
    body = request.body if told.isdecimal() and 0 < int(told) <= MOST else b""
    headers = {name.lower(): value for name, value in request.headers.items()}
    is_theirs = bool(body) and services.apply_notice(account_id=account_id, headers=headers, body=body, now=clock.now())
    if request.method == "POST" and is_theirs:
        return JsonResponse({"code": "SUCCESS"})
    return JsonResponse({"code": "FAIL", "message": "not signed by the provider of this account"}, status=401)
