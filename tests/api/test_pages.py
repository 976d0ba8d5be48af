"""What is not the API: health, readiness, metrics, the bare address. Source: contract, section 1."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.api.client import assert_api_headers, assert_error
from tests.api.declared import document
from tests.api.worlds import OMAR, World
from tests.docs.pages import PROJECT
from tools import take_viewer


class TestHealth:
    def test_the_process_lives(self, world: World) -> None:
        answer = world.client.call("GET", "/healthz")
        assert answer.status_code == 200
        assert answer.json()["status"] == "ok"

    def test_the_database_answers(self, world: World) -> None:
        answer = world.client.call("GET", "/readyz")
        assert answer.status_code == 200
        assert answer.json() == {"status": "ready"}

    def test_a_stopping_server_takes_no_more(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(world.house, "is_stopping", True)
        answer = world.client.call("GET", "/readyz")
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert world.client.call("GET", "/healthz").status_code == 200


class TestBareAddress:
    @pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "//", "/V1", "//v1//"])
    def test_it_answers_without_a_redirect(self, world: World, path: str) -> None:
        answer = world.client.call("GET", path)
        assert answer.status_code == 200
        assert answer.json()["endpointUrl"] == "https://chat.example.org/"
        assert answer.json()["docsUrl"] == "https://chat.example.org/docs"
        assert_api_headers(answer)

    @pytest.mark.parametrize("path", ["/", "/v1/", "/healthz", "/metrics"])
    def test_other_methods_are_refused_in_the_form_of_all_errors(self, world: World, path: str) -> None:
        answer = world.client.call("POST", path)
        assert_api_headers(answer)
        assert_error(answer, code="MethodNotAllowed")
        assert answer.headers["allow"] == "GET"

    @pytest.mark.parametrize("path", ["/", "/v1", "//V1/"])
    def test_a_preflight_is_answered_there_too(self, world: World, path: str) -> None:
        asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "accessToken"}
        answer = world.client.call("OPTIONS", path, headers=asked)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-headers"] == "accessToken"

    def test_head_tells_what_get_would(self, world: World) -> None:
        head, get = world.client.call("HEAD", "/"), world.client.call("GET", "/")
        assert head.status_code == 200
        assert head.headers["content-length"] == get.headers["content-length"]

    def test_a_server_that_answers_no_calls_shows_its_health_alone(self, world_with: Callable[..., World]) -> None:
        client = world_with(role="worker").client
        for path in ("/healthz", "/readyz", "/metrics"):
            assert client.call("GET", path).status_code == 200
        for path in ("/docs", "/docs/start.js", "/openapi.json", "/swagger.json"):
            assert_error(client.call("GET", path), code="NotFound")

    def test_the_host_header_is_not_believed(self, world: World) -> None:
        answer = world.client.call("GET", "/", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert "evil" not in answer.text
        token = world.exchange(world.grant(OMAR).refresh_token)
        assert token.json()["endpointUrl"] == "https://chat.example.org/"

    def test_what_is_nowhere_is_an_error_of_the_api(self, world: World) -> None:
        assert_error(world.client.call("GET", "/favicon.ico"), code="NotFound")


class TestDocument:
    @pytest.mark.parametrize("path", ["/openapi.json", "/v1/openapi.json"])
    def test_is_that_of_this_code_for_this_address(self, world: World, path: str) -> None:
        answer = world.client.call("GET", path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"
        served = answer.json()
        assert served["servers"] == [{"url": "https://chat.example.org/v1", "description": "This server"}]
        assert {**served, "servers": document()["servers"]} == document(), "run tools/write_docs.py"

    @pytest.mark.parametrize("path", ["/swagger.json", "/v1/swagger.json"])
    def test_the_older_form_is_for_this_address_too(self, world: World, path: str) -> None:
        answer = world.client.call("GET", path)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        served = answer.json()
        assert (served["host"], served["basePath"], served["schemes"]) == ("chat.example.org", "/v1", ["https"])
        written = json.loads((PROJECT / "docs" / "swagger.json").read_text())
        assert served | {"basePath": "/v1", "schemes": ["https", "http"]} == written | {"host": "chat.example.org"}
        etag = answer.headers["etag"]
        assert world.client.call("GET", path, headers={"If-None-Match": etag}).status_code == 304
        assert etag != world.client.call("GET", "/openapi.json").headers["etag"]

    def test_is_not_sent_again_to_whoever_has_it(self, world: World) -> None:
        etag = world.client.call("GET", "/openapi.json").headers["etag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answer = world.client.call("GET", "/openapi.json", headers={"If-None-Match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == etag
        assert world.client.call("GET", "/openapi.json", headers={"If-None-Match": '"other"'}).status_code == 200

    def test_may_be_read_by_pages_of_any_origin(self, world: World) -> None:
        asked = {"Origin": "https://editor.example.org", "Access-Control-Request-Method": "GET"}
        answer = world.client.call("OPTIONS", "/openapi.json", headers=asked)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"

    def test_its_makers_are_not_in_a_serving_process(self) -> None:
        code = "import chaupal.app, sys; print([name for name in sys.modules if name.startswith('chaupal.openapi')])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


class TestReference:
    @pytest.mark.parametrize(("path", "to_files", "to_document"), [("/docs", "docs/", ""), ("/docs/", "", "../")])
    def test_the_page_loads_from_this_server_alone(
        self, world: World, path: str, to_files: str, to_document: str
    ) -> None:
        answer = world.client.call("GET", path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        loaded = re.findall(r'(?:src|href|data-document)="([^"]+)"', answer.text)
        names = ("icon.svg", "page.css", "start.js", "scalar.js")
        assert {*loaded} == {f"{to_document}openapi.json", *(f"{to_files}{name}" for name in names)}

    def test_no_script_and_no_style_but_its_own_is_let_in(self, world: World) -> None:
        answers = [world.client.call("GET", "/docs") for _ in range(2)]
        nonces = [re.search(r'csp-nonce" content="([^"]+)"', answer.text)[1] for answer in answers]  # type: ignore[index]
        assert nonces[0] != nonces[1]
        for answer, nonce in zip(answers, nonces, strict=True):
            policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
            assert policy == {
                "default-src": "'none'",
                "script-src": "'self'",
                "style-src-elem": f"'self' 'nonce-{nonce}'",
                "style-src-attr": "'unsafe-inline'",
                "img-src": "'self' data:",
                "connect-src": "'self' https://chat.example.org",
                "base-uri": "'none'",
                "form-action": "'none'",
                "frame-ancestors": "'none'",
            }
            assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize(
        ("name", "media_type"),
        [("start.js", "text/javascript"), ("page.css", "text/css"), ("icon.svg", "image/svg+xml")],
    )
    def test_its_files_are_sent_once_to_each_browser(self, world: World, name: str, media_type: str) -> None:
        answer = world.client.call("GET", f"/docs/{name}")
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, media_type)
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = world.client.call("GET", f"/docs/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    @pytest.mark.parametrize("accepted", ["gzip, br", "identity"])
    def test_the_viewer_is_the_one_that_was_taken(self, world: World, accepted: str) -> None:
        answer = world.client.call("GET", "/docs/scalar.js", headers={"Accept-Encoding": accepted})
        assert hashlib.sha256(answer.content).hexdigest() == take_viewer.DIGEST
        assert answer.headers.get("content-encoding", "identity") == accepted.split(",", maxsplit=1)[0]
        assert answer.headers["vary"] == "Accept-Encoding"

    def test_a_copy_of_either_form_is_known_again(self, world: World) -> None:
        for accepted in ("gzip", "identity"):
            asked = {"Accept-Encoding": accepted}
            etag = world.client.call("GET", "/docs/scalar.js", headers=asked).headers["etag"]
            again = world.client.call("GET", "/docs/scalar.js", headers={**asked, "If-None-Match": etag})
            assert (again.status_code, again.headers["vary"]) == (304, "Accept-Encoding")

    def test_no_other_file_is_given_out(self, world: World) -> None:
        for path in ("/docs/page.html", "/docs/scalar.js.gz", "/docs/../reference.py", "/docs/%2e%2e/reference.py"):
            assert_error(world.client.call("GET", path), code="NotFound")

    def test_its_licence_is_beside_it(self) -> None:
        text = take_viewer.PACKED.with_name("scalar.LICENSE.txt").read_text()
        assert take_viewer.PACKAGE in text
        assert "MIT License" in text


class TestMetrics:
    def count(self, world: World, method: str, route: str, status: int) -> float:
        text = world.client.call("GET", "/metrics").text
        line = f'chaupal_calls_total{{method="{method}",route="{route}",status="{status}"}} '
        return sum(float(found.removeprefix(line)) for found in text.splitlines() if found.startswith(line))

    def test_calls_are_counted_by_route_and_status(self, world: World) -> None:
        counted = ("GET", "/groups/{groupId}", 404)
        before = self.count(world, *counted)
        world.outsider.get(f"/v1/groups/{world.group_id}")
        world.outsider.get("//V1/Groups/none/")
        assert self.count(world, *counted) == before + 2

    def test_they_name_no_id_number_or_token(self, world: World) -> None:
        message_id = world.send("hi")
        world.member.get(f"/groups/{world.group_id}/messages/{message_id}")
        world.member.get("/made-up-path")
        answer = world.client.call("GET", "/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        for hidden in (world.group_id, message_id, world.tenant_id, world.member.number, "made-up-path"):
            assert hidden not in answer.text
        routes = set(re.findall(r'route="([^"]*)"', answer.text))
        assert routes <= {route.path for route in world.client.app.routes}
        assert "/groups/{groupId}/messages/{referenceId}" in routes
