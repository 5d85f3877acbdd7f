"""/healthz: the web server answers and can read its databases. For load balancers and for `liebian run`."""

from __future__ import annotations

from django.db import DatabaseError, connections
from django.http import HttpRequest, JsonResponse

from liebian.access.guard import public


@public
def healthz(request: HttpRequest) -> JsonResponse:
    try:
        for alias in connections:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"ok": False, "error": "The database cannot be reached."}, status=503)
    return JsonResponse({"ok": True})
