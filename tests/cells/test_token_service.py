"""The root's token service for organizations that live in another cell."""

from __future__ import annotations

from typing import Any

import httpx

from tests.cells.conftest import MakeCell, join, url_of
from tests.crash.test_bad_ends import wait_until
from tests.installations import ADMIN, Installation

BACK = "https://app.example.org/v1/back"


def credentials(installed: Any) -> dict[str, str]:
    return {name: installed[name] for name in ("applicationId", "applicationSecret", "refreshToken")}


def place(make_cell: MakeCell) -> tuple[Installation, Installation, Any]:
    """(root, cell, what was made in the cell before and after it joined)."""
    root, cell = make_cell(), make_cell(CHAUPAL_DEVELOPMENT="1")
    root.start()
    cell.start()
    installed = cell.init("Elsewhere")
    join(root, cell, "north")
    # The cell tells the root of its organizations as soon as it has joined, but nobody waits for that.
    wait_until(lambda: root.call("GET", "/v1/accessToken", credentials(installed))[0] == 200)
    return root, cell, installed


def test_everything_that_signs_in_is_answered_from_the_cell(make_cell: MakeCell) -> None:
    root, cell, installed = place(make_cell)
    status, answer = root.call("GET", "/v1/accessToken", credentials(installed))
    assert (status, answer.get("endpointUrl")) == (200, url_of(cell)), answer
    assert cell.me(answer["accessToken"])[0] == 200
    # What the cell has signed means nothing at the root, where its organization has never lived.
    assert root.me(answer["accessToken"])[1]["errorCode"] == "InvalidToken"

    asked = {"mobileNumber": ADMIN, "applicationId": installed["applicationId"].upper()}
    assert root.call("POST", "/v1/generatePin", {}, asked) == (200, {})
    pin = cell.result("pin", ADMIN)["pin"]
    wrong = {**asked, "pin": "000000" if pin != "000000" else "000001"}
    for _ in range(2):
        status, refused = root.call("POST", "/v1/loginWithPinAndApplicationId", {"X-Request-Id": "chosen-by-it"}, wrong)
        assert (status, refused["message"]) == (401, "The PIN is wrong or has expired.")
        assert refused["requestId"] == "chosen-by-it"
    status, login = root.call("POST", "/v1/loginWithPinAndApplicationId", {}, {**asked, "pin": pin})
    assert (status, login["endpointUrl"]) == (200, url_of(cell))
    status, answer = root.call(
        "GET", "/v1/accessToken", {**credentials(installed), "refreshToken": login["refreshToken"]}
    )
    assert status == 200

    form = {"client_id": installed["applicationId"], "client_secret": installed["applicationSecret"]}
    taken = httpx.post(url_of(root) + "api/oauth/token", data={**form, "refresh_token": login["refreshToken"]})
    assert taken.json()["endpointUrl"] == url_of(cell), taken.text
    refused_code = httpx.post(url_of(root) + "api/oauth/token", data={**form, "code": "wrong"})
    assert (refused_code.status_code, refused_code.json()["error"]) == (400, "invalid_grant"), refused_code.text


def test_the_sign_in_page_is_that_of_the_cell(make_cell: MakeCell) -> None:
    root, cell, installed = place(make_cell)
    cell.result("connector", "change", installed["applicationId"], "--redirect-url", BACK)
    query = {"client_id": installed["applicationId"], "redirect_uri": BACK, "state": "a/v1/b"}
    sent = httpx.get(url_of(root) + "api/Oauth/Authorize", params=query)
    assert sent.status_code == 302
    assert sent.headers["location"].startswith(url_of(cell) + "api/Oauth/Authorize?")
    assert httpx.get(sent.headers["location"]).status_code == 200


def test_what_is_made_later_is_told_and_what_nobody_knows_is_refused_here(make_cell: MakeCell) -> None:
    root, cell, installed = place(make_cell)
    unknown = {**credentials(installed), "applicationId": "nobodys"}
    cell.stop()
    status, answer = root.call("GET", "/v1/accessToken", unknown)
    assert (status, answer["errorCode"]) == (401, "Unauthenticated")
    status, answer = root.call("GET", "/v1/accessToken", credentials(installed))
    assert (status, answer["errorCode"]) == (503, "Unavailable")
    later = cell.result("connector", "create", "Later")
    cell.start()  # its first report tells what was made meanwhile
    headers = {**credentials(installed), **{name: later[name] for name in ("applicationId", "applicationSecret")}}
    wait_until(lambda: root.call("GET", "/v1/accessToken", headers)[1]["message"].startswith("The refresh token is"))
