"""Clients that take a `Location` for the base of their calls: no form of it reaches another call than was meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaupal.app import SERVED_ROUTES
from chaupal.serving.routes import Route
from chaupal.wire.paths import Matched, PathTable

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


@pytest.fixture(scope="module")
def paths() -> PathTable[Route]:
    table: PathTable[Route] = PathTable()
    for route in SERVED_ROUTES:
        table.add(route.method, route.path, route)
    return table


def filled(pattern: str, mark: str) -> str:
    """A path of the pattern, with ids that tell where they come from."""
    names = [segment[1:-1] for segment in pattern.split("/") if segment.startswith("{")]
    return pattern.format(**{name: f"{mark}-{number}" for number, name in enumerate(names)})


PATTERNS = sorted({route.path for route in SERVED_ROUTES})


def bases(pattern: str) -> Iterator[str]:
    """What a client may have taken for its base, after a 308 of a call of this pattern."""
    path = filled(pattern, "base")
    yield from (path, f"/v1{path}", f"//v1{path}", f"/V1{path.upper()}", f"/v1{path}/")
    yield f"/v1/users/me/v1{path}"  # the second time


@pytest.mark.parametrize("base_pattern", PATTERNS)
def test_every_call_behind_every_address_is_the_one_that_was_meant(paths: PathTable[Route], base_pattern: str) -> None:
    for base in bases(base_pattern):
        for pattern in PATTERNS:
            path = filled(pattern, "meant")
            for method in METHODS:
                for written in (f"{base}/v1{path}", f"{base}//v1{path}/"):
                    there = paths.find(method, path)
                    found = paths.find(method, written)
                    assert there is not None
                    if there.target is None:
                        assert found is None or (found.target is None and found.methods == there.methods), written
                        continue
                    assert found is not None, written
                    assert (found.target, found.parameters) == (there.target, there.parameters), written


@pytest.mark.parametrize("base_pattern", PATTERNS)
def test_every_call_in_the_query_of_an_address_is_the_one_that_was_meant(
    paths: PathTable[Route], base_pattern: str
) -> None:
    for pattern in PATTERNS:
        path = filled(pattern, "meant")
        for method in METHODS:
            for before in ("", "cursor=12&limit=5", "cursor=1/v1/users/me"):
                for own, expected in (("", ""), ("?limit=5&x=2", "limit=5&x=2"), ("&limit=5", "limit=5")):
                    found, taken, query = paths.find_in_query(method, f"{before}/v1{path}{own}")
                    there = paths.find(method, path)
                    assert (taken, query) == (f"/v1{path}", expected)
                    assert found is not None
                    assert there is not None
                    assert (found.target, found.parameters) == (there.target, there.parameters)


@pytest.mark.parametrize(
    "written",
    [
        "/nothing/v1/users/me",
        "/v1/nothing/here/v1/users/me",
        "/v1/groups/1/nothing/v1/groups",
        "/v1/nothing/v1/users/me/v1/users/me",
        "/v1/groups/1/v1",
        "/v1/groups/1/v1/",
        "/v1/groups/1/v1/nothing",
        "/v1/groups/1%2Fv1/users/me",
        "/v1/groups/1/%76%31/members",
        "/v1/groups/v1",
        "/v1/groups/V1/members/v1",
        "/cells/v1/health",
    ],
)
def test_what_stands_behind_no_calls_address_is_nothing(paths: PathTable[Route], written: str) -> None:
    for method in METHODS:
        found = paths.find(method, written)
        assert found is None, (method, written)


def test_a_few_addresses_may_stand_in_front_of_each_other_and_many_are_not_looked_at(
    paths: PathTable[Route], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends thousands must not keep the server from everyone else."""
    found = paths.find("GET", "/v1/groups/1" * 7 + "/v1/users/me")
    assert found is not None
    assert found.target is not None
    assert found.target.path == "/users/me"
    looks: list[str] = []
    match_whole = paths._match_whole

    def counted(method: str, raw_path: str) -> Matched[Route] | None:
        looks.append(raw_path)
        return match_whole(method, raw_path)

    monkeypatch.setattr(paths, "_match_whole", counted)
    for written in ("/v1/users/me" * 5_000, "/v1/nothing" + "/v1/users/me" * 5_000, "/V1/users/me" * 9):
        looks.clear()
        assert paths.find("GET", written) is None
        assert len(looks) == 1


def test_without_a_version_the_whole_path_is_meant(paths: PathTable[Route]) -> None:
    found = paths.find("GET", "/v1/groups/base-0/members")
    assert found is not None
    assert found.target is not None
    assert found.target.path == "/groups/{groupId}/members"
    assert paths.find("GET", "/v1/groups/base-0/users/me") is None
