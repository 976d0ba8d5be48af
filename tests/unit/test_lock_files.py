"""The lock files hold what pyproject.toml asks for, pinned and hashed, and name no place to get it from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PROJECT = Path(__file__).parents[2]
HASHES = r"(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+"
PIN = re.compile(rf"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: *;[^\\]*)? \\\n{HASHES}", re.MULTILINE)
SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text())
FROM_THIS_CHECKOUT = ("chaupal-client",)
RUNTIME = "requirements.lock"
DEVELOPMENT = "requirements-dev.lock"


def pins(lock_file: str) -> dict[str, Version]:
    return {canonicalize_name(name): Version(version) for name, version in PIN.findall(read(lock_file))}


def read(lock_file: str) -> str:
    return (PROJECT / lock_file).read_text()


def asked_for(*groups: str) -> list[Requirement]:
    texts = [*SETTINGS["project"]["dependencies"]]
    for group in groups:
        texts += SETTINGS["dependency-groups"][group]
    return [wanted for wanted in map(Requirement, texts) if wanted.name not in FROM_THIS_CHECKOUT]


class TestLockFiles:
    @pytest.mark.parametrize(("lock_file", "groups"), [(RUNTIME, ["build"]), (DEVELOPMENT, ["build", "test", "lint"])])
    def test_hold_every_dependency_in_a_version_that_fits(self, lock_file: str, groups: list[str]) -> None:
        pinned = pins(lock_file)
        for requirement in asked_for(*groups):
            version = pinned.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement.name} is not in {lock_file}; run `make lock`"
            assert version in requirement.specifier, f"{requirement} does not fit {version} of {lock_file}"

    def test_hold_what_the_client_needs(self) -> None:
        client = tomllib.loads((PROJECT / "sdk" / "pyproject.toml").read_text())["project"]
        for requirement in map(Requirement, client["dependencies"]):
            assert pins(RUNTIME)[canonicalize_name(requirement.name)] in requirement.specifier

    @pytest.mark.parametrize("lock_file", [RUNTIME, DEVELOPMENT])
    def test_every_line_with_a_version_has_hashes(self, lock_file: str) -> None:
        assert len(PIN.findall(read(lock_file))) == len(re.findall("^[^ #].*==", read(lock_file), re.MULTILINE)) > 0

    @pytest.mark.parametrize("lock_file", [RUNTIME, DEVELOPMENT])
    def test_name_no_registry(self, lock_file: str) -> None:
        assert not re.search(r"://|--(extra-)?index-url|--find-links|file:", read(lock_file))

    def test_development_has_the_versions_that_are_served(self) -> None:
        development = pins(DEVELOPMENT)
        assert {name: development.get(name) for name in pins(RUNTIME)} == pins(RUNTIME)


class TestLockFileOfTheBrowser:
    def packages(self) -> dict[str, dict[str, object]]:
        locked: dict[str, dict[str, object]] = json.loads(read("tests/browser/package-lock.json"))["packages"]
        return locked

    def test_every_package_has_a_hash(self) -> None:
        packages = {name: locked for name, locked in self.packages().items() if name}
        assert packages
        assert [
            name for name, locked in packages.items() if not str(locked.get("integrity", "")).startswith("sha512-")
        ] == []

    def test_it_names_no_registry(self) -> None:
        assert "://" not in read("tests/browser/package-lock.json")
        assert "://" not in read("tests/browser/.npmrc")

    def test_it_holds_what_is_asked_for(self) -> None:
        asked = json.loads(read("tests/browser/package.json"))["dependencies"]
        packages = self.packages()
        assert {name: packages[f"node_modules/{name}"]["version"] for name in asked} == asked
