"""`chaupal login`, `logout`, `whoami`, `profile`: sign-ins are kept in a file that only their owner can read."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.cli.using import User, signed_in
from tests.installations import ADMIN, OTHER, Installation, ended


class TestLogin:
    def test_a_refresh_token_is_exchanged_and_kept(self, installation: Installation, tmp_path: Path) -> None:
        user = signed_in(installation, tmp_path)
        shown = user.json("whoami")
        assert shown["mobileNumber"] == ADMIN
        assert shown["profile"] == "default"
        assert shown["url"] == user.url
        assert stat.S_IMODE(user.credentials.stat().st_mode) == 0o600
        assert stat.S_IMODE(user.credentials.parent.stat().st_mode) == 0o700
        assert "refresh token" not in user.login().out

    def test_a_pin_is_sent_and_asked_for(self, user: User) -> None:
        options = ("--url", user.url, "--application-id", user.installed["applicationId"])
        process = user.begin("login", *options, "--number", OTHER, "--profile", "till")
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(f"{user.installed['applicationSecret']}\n")
        process.stdin.flush()
        assert process.stderr.readline() == f"A PIN is on its way to {OTHER}, if it is known there.\n"
        process.stdin.write(user.installation.result("pin", OTHER)["pin"] + "\n")
        process.stdin.flush()
        done = ended(process)
        assert done.code == 0, done
        assert user.json("whoami")["mobileNumber"] == OTHER
        assert user.json("whoami", "--profile", "default")["mobileNumber"] == ADMIN

    @pytest.mark.parametrize(
        ("token", "secret", "part"),
        [("a-wrong-refresh-token", "", "refresh token"), ("", "a-wrong-secret", "applicationId and secret")],
    )
    def test_what_is_wrong_is_said_and_nothing_is_kept(self, user: User, token: str, secret: str, part: str) -> None:
        before = user.credentials.read_bytes()
        done = user.login("--json", token=token, secret=secret)
        assert done.code == 1
        assert done.json["errorCode"] == "Unauthenticated"
        assert part in done.json["message"]
        assert "(request " in done.json["message"]
        assert user.credentials.read_bytes() == before

    @pytest.mark.parametrize("url", ["ftp://127.0.0.1", "nonsense", "http://127.0.0.1:1"])
    def test_a_server_that_is_none(self, user: User, url: str) -> None:
        done = user.run_with("s\nt\n", "login", "--url", url, "--application-id", "x", "--json")
        assert done.code == 1
        assert done.json["errorCode"] in ("InvalidParameters", "Unavailable")
        assert "Traceback" not in done.err

    def test_a_secret_that_can_be_none_is_a_sentence(self, user: User) -> None:
        done = user.run_with(b"\xc3\xa9\xff\n", "login", "--url", user.url, "--application-id", "x")
        assert (done.code, done.err) == (1, "chaupal: Application secret: this holds characters that no secret has.\n")

    def test_without_anything_to_read_it_says_so(self, user: User) -> None:
        done = user.run("login", "--url", user.url, "--application-id", "x")
        assert (done.code, done.err) == (1, "chaupal: Application secret: there is nothing on standard input.\n")


class TestProfiles:
    def test_several_are_kept_and_one_is_current(self, user: User) -> None:
        assert user.login("--profile", "work").code == 0
        known = user.json("profile", "list")["profiles"]
        assert [(each["name"], each["isCurrent"]) for each in known] == [("default", False), ("work", True)]
        assert user.json("profile", "use", "default") == {"current": "default"}
        assert user.json("whoami")["profile"] == "default"
        assert user.json("logout") == {"forgotten": "default"}
        assert user.json("whoami")["profile"] == "work"
        assert user.json("logout") == {"forgotten": "work"}
        error = user.refusal("whoami")
        assert error["errorCode"] == "Unauthenticated"
        assert "chaupal login" in error["message"]

    def test_one_that_is_not_there_is_named(self, user: User) -> None:
        for words in (("whoami", "--profile", "none"), ("profile", "use", "none"), ("logout", "--profile", "none")):
            assert "There is no profile none; there is: default." in user.refusal(*words)["message"]

    def test_a_token_that_was_revoked_is_told_with_advice(
        self, sqlite_installation: Installation, tmp_path: Path
    ) -> None:
        user = signed_in(sqlite_installation, tmp_path)
        user.installation.result(
            *("token", "create", "--connector", user.installed["applicationId"], "--user", ADMIN)
        )  # ends the earlier one
        error = user.refusal("groups")
        assert error["errorCode"] in ("InvalidToken", "Unauthenticated")
        assert error["message"].endswith("`chaupal login` signs you in again.")


class TestFile:
    def test_one_that_others_could_read_is_closed_to_them(self, user: User) -> None:
        user.credentials.chmod(0o644)
        done = user.run("whoami")
        assert done.code == 0
        assert "could be read by others" in done.err
        assert stat.S_IMODE(user.credentials.stat().st_mode) == 0o600

    @pytest.mark.parametrize("content", [b"", b"{", b'{"profiles": 7}', b"\xff"])
    def test_one_that_is_broken_is_a_sentence(self, user: User, content: bytes) -> None:
        user.credentials.write_bytes(content)
        for words in (("whoami",), ("profile", "list"), ("logout",)):
            assert str(user.credentials) in user.refusal(*words)["message"]
        assert user.credentials.read_bytes() == content

    def test_it_follows_xdg_config_home(self, user: User) -> None:
        other = user.home / "elsewhere"
        done = user.installation.warm.run(
            ("profile", "list"), environment=user.environment | {"XDG_CONFIG_HOME": str(other)}, cwd=user.home
        )
        assert done[1] == "You are not signed in. `chaupal login` does that.\n"

    def test_a_renewed_access_token_is_kept(self, user: User) -> None:
        kept = json.loads(user.credentials.read_text())
        kept["profiles"]["default"]["accessToken"] = "not-a-token"
        user.credentials.write_text(json.dumps(kept))
        assert user.json("whoami")["mobileNumber"] == ADMIN
        renewed = json.loads(user.credentials.read_text())["profiles"]["default"]["accessToken"]
        assert renewed not in ("", "not-a-token")
