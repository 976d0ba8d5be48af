"""Every command, on both databases, without a server and beside one."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.installations import ADMIN, OTHER, Installation

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class TestInit:
    def test_json_prints_what_a_program_needs_and_nothing_else(self, installation: Installation) -> None:
        installed = installation.result(
            "init",
            "--tenant",
            "Ann's school",
            "--admin",
            "+91 98765-43210",
            "--connector",
            "Portal",
            "--admin-name",
            "Ann",
        )
        assert list(installed) == [
            "tenantId",
            "adminId",
            "applicationId",
            "applicationSecret",
            "refreshToken",
            "apiRoot",
        ]
        assert GUID.fullmatch(installed["tenantId"])
        assert installed["apiRoot"] == f"http://127.0.0.1:{installation.port}/"
        people = installation.result("person", "list")["people"]
        assert people == [
            {"id": installed["adminId"], "name": "Ann", "mobileNumber": ADMIN, "role": "Admin", "hasSignedIn": False}
        ]
        (connector,) = installation.result("connector", "list")["connectors"]
        assert connector["name"] == "Portal"
        assert len(connector["permissions"]) == 9

    def test_a_second_tenant_of_the_same_name_is_refused(self, installation: Installation) -> None:
        installation.init("First")
        message = installation.refusal("init", "--tenant", " FIRST", "--admin", OTHER, "--connector", "C")
        assert "'First'" in message
        assert "chaupal connector create" in message
        assert len(installation.result("tenant", "list")["tenants"]) == 1

    def test_an_error_at_the_end_leaves_nothing(self, installation: Installation) -> None:
        """The application id is taken, which is found out after tenant and admin were written."""
        first = installation.init("First")
        command = ("init", "--tenant", "Second", "--admin", ADMIN, "--connector", "C", "--application-id")
        taken = first["applicationId"].upper()
        assert taken in installation.refusal(*command, taken)
        assert [tenant["name"] for tenant in installation.result("tenant", "list")["tenants"]] == ["First"]

    def test_id_and_secret_of_an_old_integration_are_kept(self, installation: Installation) -> None:
        command = ("init", "--tenant", "Old", "--admin", ADMIN, "--connector", "C")
        installed = installation.result(*command, "--application-id", "0A1B2C3D", "--application-secret", "as it was")
        assert installed["applicationId"] == "0A1B2C3D"
        assert installed["applicationSecret"] == "as it was"

    def test_the_calls_it_prints_can_be_pasted(self, installation: Installation) -> None:
        installation.start()
        done = installation.command("init", "--tenant", "T", "--admin", ADMIN, "--connector", "It's a connector")
        assert done.code == 0
        pasted = done.out[done.out.index("API=") :]
        posted = subprocess.run(["/bin/sh", "-c", pasted], capture_output=True, text=True, timeout=60, check=True)
        assert re.fullmatch(r'\{"referenceId":"[0-9a-f-]{36}"\}', posted.stdout.strip()), posted


class TestConnector:
    def test_created_listed_deleted(self, installation: Installation) -> None:
        installation.init()
        created = installation.result(
            *("connector", "create", "Reports", "--permission", "text MESSAGE", "--permission", "action responses"),
            *("--redirect-url", "https://reports.example/back", "--application-id", "Kept-Id"),
        )
        assert created["permissions"] == ["Text Message", "Action & Responses"]
        assert created["redirectUrls"] == ["https://reports.example/back"]
        listed = installation.result("connector", "list")["connectors"][1]
        assert listed == {name: value for name, value in created.items() if name != "applicationSecret"}
        deleted = installation.result("connector", "delete", "kept-ID")
        assert deleted == listed
        assert installation.refusal("connector", "delete", "Kept-Id") == "No such connector."

    def test_changed(self, installation: Installation) -> None:
        installed = installation.init()
        change = ("connector", "change", installed["applicationId"].upper())
        urls = ["https://reports.example/back", "com.example.reports:/back"]
        changed = installation.result(*change, "--redirect-url", urls[0], "--redirect-url", urls[1])
        assert changed["redirectUrls"] == urls
        assert changed["name"] == "First connector"
        assert len(changed["permissions"]) == 9
        changed = installation.result(*change, "--name", " Reports ", "--permission", "media")
        assert (changed["name"], changed["permissions"], changed["redirectUrls"]) == ("Reports", ["Media"], urls)
        assert installation.result("connector", "list")["connectors"] == [changed]
        assert installation.result(*change, "--no-redirect-urls")["redirectUrls"] == []
        assert installation.command(*change, "--no-redirect-urls", "--redirect-url", urls[0]).code == 2
        assert installation.refusal("connector", "change", "nobody", "--name", "x") == "No such connector."

    def test_a_change_is_noticed_by_the_running_server_at_once(self, installation: Installation) -> None:
        installation.start()
        installed = installation.init()
        token = installation.access_token(installed)
        assert installation.me(token)[0] == 200
        installation.result("connector", "change", installed["applicationId"], "--permission", "media")
        assert installation.me(token)[0] == 403

    def test_wrong_values_are_named_with_field_value_and_rule(self, installation: Installation) -> None:
        installation.init()
        message = installation.refusal("connector", "create", "C", "--permission", "Everything")
        assert message.startswith("permission: must be one of 'Group Information', ")
        assert message.endswith("(got: Everything)")
        message = installation.refusal("connector", "create", "C", "--redirect-url", "javascript:alert(1)")
        assert message.startswith("redirectUrls: must be an https:// or http:// URL, or one with an app's own scheme")
        assert message.endswith("(got: javascript:alert(1))")
        message = installation.refusal("connector", "create", " ")
        assert message == "name: must have 1 to 200 characters (got: )"

    def test_deletion_is_noticed_by_the_running_server_at_once(self, installation: Installation) -> None:
        installation.start()
        installed = installation.init()
        token = installation.access_token(installed)
        assert installation.me(token)[0] == 200
        installation.result("connector", "delete", installed["applicationId"])
        status, answer = installation.me(token)
        assert (status, answer["errorCode"]) == (401, "InvalidToken")


class TestPerson:
    def test_added_changed_listed(self, installation: Installation) -> None:
        installation.init()
        added = installation.result("person", "add", "0014155550100", "--name", "Léa [bold]")
        assert (added["mobileNumber"], added["role"]) == (OTHER, "Member")
        assert installation.refusal("person", "add", OTHER) == (
            f"{OTHER} belongs to a person of this organization already."
        )
        changed = installation.result("person", "change", OTHER, "--role", "ADMIN")
        assert changed == {**added, "role": "Admin"}
        listing = installation.command("person", "list")
        assert "Léa [bold]" in listing.out
        assert installation.result("person", "list")["people"][1] == changed

    def test_bots_are_listed_apart(self, installation: Installation) -> None:
        installation.start()
        installed = installation.init()
        headers = {"accessToken": installation.access_token(installed)}
        assert "\nbot" not in installation.command("person", "list").out
        status, made = installation.call("POST", "/v1/bot", headers=headers, body={"name": "Till"})
        assert status == 200, made
        listed = installation.result("person", "list")
        assert [person["mobileNumber"] for person in listed["people"]] == [ADMIN]
        assert listed["bots"] == [
            {
                "id": made["botUserId"],
                "name": "Till",
                "mobileNumber": "",
                "role": "Member",
                "hasSignedIn": True,
                "isBot": True,
            }
        ]
        assert re.search(rf"\n\nbot +id\nTill +{made['botUserId']}\n$", installation.command("person", "list").out)

    def test_the_operator_sees_and_revokes_a_bots_token(self, installation: Installation) -> None:
        installation.start()
        installed = installation.init()
        headers = {"accessToken": installation.access_token(installed)}
        bot_id = installation.call("POST", "/v1/bot", headers=headers, body={"name": "Till"})[1]["botUserId"]
        token = installation.call("GET", f"/v1/bot/accessToken/{bot_id}", headers=headers)[1]["accessToken"]
        assert installation.me(token)[0] == 200
        connector = ("--connector", installed["applicationId"])
        [shown] = [row for row in installation.result("token", "list", *connector)["tokens"] if row["kind"] == "bot"]
        assert (shown["mobileNumber"], shown["name"], shown["origin"]) == ("", "Till", "bot")
        installation.result("token", "revoke", shown["grantId"], *connector)
        assert installation.me(token)[0] == 401

    def test_wrong_values_are_named_with_field_value_and_rule(self, installation: Installation) -> None:
        installation.init()
        message = installation.refusal("person", "add", "12 34")
        assert re.fullmatch(r"number: must be a mobile number in international form.* \(got: 12 34\)", message)
        assert installation.refusal("person", "add", OTHER, "--role", "King") == (
            "role: must be Admin or Member (got: King)"
        )
        assert installation.refusal("person", "change", ADMIN, "--role", "member") == (
            "The organization's last admin cannot be removed or made a member."
        )
        assert installation.refusal("person", "change", OTHER, "--name", "X") == "No such person."


class TestToken:
    def test_a_new_token_stops_the_earlier_one_and_what_was_made_from_it(self, installation: Installation) -> None:
        installation.start()
        installed = installation.init()
        old_access = installation.access_token(installed)
        command = ("token", "create", "--connector", installed["applicationId"], "--user", ADMIN)
        created = installation.result(*command)
        assert (created["kind"], created["mobileNumber"], created["groupId"]) == ("user", ADMIN, "")
        assert installation.me(old_access)[0] == 401
        assert installation.me(installation.access_token({**installed, **created}))[0] == 200

    def test_listed_and_revoked(self, installation: Installation) -> None:
        installation.init()
        installation.result("person", "add", OTHER, "--name", "Ben")
        connector = installation.result("connector", "list")["connectors"][0]["applicationId"]
        created = installation.result("token", "create", "--connector", connector, "--user", OTHER)
        every = installation.result("token", "list", "--connector", connector)["tokens"]
        assert [row["mobileNumber"] for row in every] == [ADMIN, OTHER]
        bens = installation.result("token", "list", "--connector", connector, "--user", OTHER)["tokens"]
        assert bens == every[1:]
        assert bens[0]["grantId"] == created["grantId"]
        assert bens[0]["name"] == "Ben"
        assert "refreshToken" not in bens[0]
        revoked = installation.result("token", "revoke", "--connector", connector, created["grantId"])
        assert revoked["grantId"] == created["grantId"]
        assert len(installation.result("token", "list", "--connector", connector)["tokens"]) == 1
        assert installation.refusal("token", "revoke", "--connector", connector, created["grantId"]) == "No such token."

    def test_the_refresh_token_of_an_old_integration_is_kept(self, installation: Installation) -> None:
        installation.start()
        installed = installation.init()
        command = ("token", "create", "--connector", installed["applicationId"], "--user", ADMIN, "--refresh-token")
        kept = "an old refresh token, 32 characters or so"
        assert installation.result(*command, kept)["refreshToken"] == kept
        assert installation.me(installation.access_token({**installed, "refreshToken": kept}))[0] == 200
        assert installation.refusal(*command, "short").startswith("refreshToken: must have 16 to 4,096 printable")

    def test_group_tokens_are_made_by_the_groups_admins(self, installation: Installation) -> None:
        installation.start()
        installed = installation.init()
        headers = {"accessToken": installation.access_token(installed)}
        status, group = installation.call("POST", "/v1/groups", headers, {"name": "G", "members": [OTHER]})
        assert status == 200, group
        command = ("token", "create", "--connector", installed["applicationId"], "--group", group["groupId"], "--user")
        created = installation.result(*command, ADMIN)
        assert (created["kind"], created["groupId"]) == ("group", group["groupId"])
        assert "admin of the group" in installation.refusal(*command, OTHER)


class TestPin:
    def test_the_waiting_pin_signs_its_person_in(self, installation: Installation) -> None:
        installation.start()
        installed = installation.init()
        assert installation.refusal("pin", ADMIN) == "No such PIN waiting for this number."
        who = {"mobileNumber": ADMIN, "applicationId": installed["applicationId"]}
        assert installation.call("POST", "/v1/generatePin", body=who) == (200, {})
        shown = installation.result("pin", ADMIN)
        assert shown["applicationId"] == installed["applicationId"]
        assert shown["connectorName"] == "First connector"
        status, answer = installation.call(
            "POST", "/v1/loginWithPinAndApplicationId", body={**who, "pin": shown["pin"]}
        )
        assert status == 200, answer
        assert installation.command("pin", ADMIN).code == 1


class TestTenantChoice:
    def test_one_is_the_default_and_of_several_one_must_be_named(self, installation: Installation) -> None:
        assert installation.command("tenant", "list").code in (0, 1)  # nothing there yet: no traceback either way
        first = installation.init("First")
        assert len(installation.result("person", "list")["people"]) == 1
        second = installation.init("Second")
        message = installation.refusal("person", "list")
        assert message.startswith("--tenant: must name one of several tenants: ")
        assert first["tenantId"] in message
        assert second["tenantId"] in message
        for named in ("second", second["tenantId"], second["tenantId"].upper()):
            (person,) = installation.result("person", "list", "--tenant", named)["people"]
            assert person["id"] == second["adminId"]
        assert installation.refusal("person", "list", "--tenant", "Third").startswith(
            "--tenant: there is no tenant 'Third'; there are: "
        )

    def test_a_connector_of_another_tenant_does_not_exist(self, installation: Installation) -> None:
        first = installation.init("First")
        installation.init("Second")
        command = ("connector", "delete", first["applicationId"], "--tenant", "Second")
        assert installation.refusal(*command) == "No such connector."


class TestMigrate:
    def test_from_nothing_then_nothing_to_do(self, installation: Installation) -> None:
        first = installation.result("migrate")
        assert first["from"] is None
        assert installation.result("migrate") == {"from": first["to"], "to": first["to"]}

    def test_refused_while_a_server_runs_on_sqlite(self, sqlite_installation: Installation) -> None:
        sqlite_installation.start()
        assert "stop the server first" in sqlite_installation.refusal("migrate")


class TestHumanOutput:
    def test_lists_are_plain_lines_when_nobody_watches(self, sqlite_installation: Installation) -> None:
        installed = sqlite_installation.init()
        for group in ("connector", "person", "tenant"):
            done = sqlite_installation.command(group, "list")
            assert done.code == 0, done
            assert len(done.out.splitlines()) == 2
            assert done.out.isascii()
        created = sqlite_installation.command("connector", "create", "C")
        assert "application secret" in created.out
        listed = sqlite_installation.command("token", "list", "--connector", installed["applicationId"])
        assert "operator" in listed.out

    @pytest.mark.parametrize("name", ["\x1b[31mred", "a\nb", "[link=x]y"])
    def test_names_cannot_steer_the_terminal(self, sqlite_installation: Installation, name: str) -> None:
        sqlite_installation.init()
        sqlite_installation.result("person", "add", OTHER, "--name", name)
        out = sqlite_installation.command("person", "list").out
        assert "\x1b" not in out
        assert len(out.splitlines()) == 3
        assert sqlite_installation.result("person", "list")["people"][1]["name"] == name
