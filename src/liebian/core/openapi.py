"""The form of OpenAPI documents: a key as Bearer token, and every error with its code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Codes = Mapping[int, tuple[str, ...]]
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "New for each request; a repeat under the same key has the same answer and changes nothing.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 120},
}


def document(title: str, paths: Mapping[str, Any], schemas: Mapping[str, Any], codes: Codes) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": dict(paths),
        "security": [{"shopKey": []}],
        "components": {
            "securitySchemes": {"shopKey": {"type": "http", "scheme": "bearer"}},
            "schemas": {**schemas, **{f"Error{status}": _error(told) for status, told in codes.items()}},
        },
    }


def responses(codes: Codes, answer: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What an operation answers: `answer` is the schema of a 200."""
    return {
        "200": {
            "description": "Done.",
            "content": {"application/json": {"schema": dict(answer or {"type": "object"})}},
        },
        **{
            str(status): {
                "description": ", ".join(told),
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/Error{status}"}}},
            }
            for status, told in codes.items()
        },
    }


def _error(codes: tuple[str, ...]) -> dict[str, Any]:
    inner = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": {"enum": list(codes)},
            "message": {"type": "string"},
            "details": {"type": "object"},
        },
    }
    return {"type": "object", "required": ["error"], "properties": {"error": inner}}
