"""The tests' own judge of answers: it finds what the document does not declare."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from chaupal.app import ALL_ROUTES
from chaupal.openapi.examples import key_of
from tests.api.declared import assert_declared

[ADDING] = [route for route in ALL_ROUTES if key_of(route) == "PUT /groups/{groupId}/members"]
_HEADERS = {"x-request-id": "abcdefgh"}
_ERROR = {"errorCode": "NotFound", "errorCategoryKey": "ResourceException", "message": "No.", "requestId": "abcdefgh"}


def answer(status: int, body: Any, headers: dict[str, str] = _HEADERS) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize(
    "allowed",
    [
        answer(200, {"result": "true"}),
        answer(404, _ERROR),
        answer(503, _ERROR | {"errorCode": "Unavailable", "errorCategoryKey": "ServiceException"},
               _HEADERS | {"retry-after": "3"}),
    ],
)  # fmt: skip
def test_what_is_declared_passes(allowed: httpx.Response) -> None:
    assert_declared(allowed, ADDING)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (answer(418, {}), "name its error in the route's `errors`"),
        (answer(200, {"result": "true", "more": 1}), "more"),
        (answer(200, {}), "result"),
        (answer(200, {"result": True}), "result: true is not"),
        (answer(200, {"result": "true", "failedResult": [{"subscriber": "1"}]}), "failedResult/0"),
        (answer(404, _ERROR | {"errorCode": "Conflict"}), "NotFound"),
        (answer(404, {"message": "No."}), "errorCode"),
        (answer(200, {"result": "true"}, {}), "lacks the header X-Request-Id"),
        (answer(503, _ERROR | {"errorCode": "Unavailable", "errorCategoryKey": "ServiceException"}), "Retry-After"),
        (httpx.Response(200, text="true", headers=_HEADERS), "is text/plain; declared: application/json"),
    ],
)
def test_what_is_not_is_named(wrong: httpx.Response, sentence: str) -> None:
    with pytest.raises(AssertionError) as found:
        assert_declared(wrong, ADDING)
    assert sentence in str(found.value)
