"""What `chaupal export` writes, `chaupal import` reads: into the same organization nothing, into another everything."""

from __future__ import annotations

import csv
from pathlib import Path

from chaupal.importing.headers import MESSAGE_HEADERS
from tests.cli.using import signed_in
from tests.installations import ADMIN, Installation

TEXTS = ['नमस्ते, "all"\nof you', "two\r\n\n lines ", ",", '"', "\tlast, one\t"]
COMPARED = ("Group Name", "MessageID", "Sender", "Timestamp", "Message")


def rows_of(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert tuple(reader.fieldnames or ()) == MESSAGE_HEADERS
        return [tuple(row[name] for name in COMPARED) for row in reader]


class TestMessages:
    def test_they_are_the_same_again(self, installation: Installation, tmp_path: Path) -> None:
        user = signed_in(installation, tmp_path)
        user.group_id = user.call("POST", "/groups", {"name": "Shop, floor"})["groupId"]
        for text in TEXTS:
            user.call("POST", f"/groups/{user.group_id}/messages", {"message": text})
        assert user.json("export", "messages", user.group_id, "all.csv")["records"] == len(TEXTS)
        exported = user.home / "all.csv"
        written = rows_of(exported)
        assert sorted(row[-1] for row in written) == sorted(TEXTS)

        tenant = installation.result("tenant", "list")["tenants"][0]["name"]
        again = installation.result("import", "kaizala", str(exported), "--tenant", tenant)
        assert (again["taken"], again["known"], again["skipped"]) == ({}, {"message": len(TEXTS)}, 0)

        second = installation.init("Second")
        taken = installation.result("import", "kaizala", str(exported), "--tenant", "Second")
        assert (taken["taken"], taken["skipped"], taken["mended"]) == ({"message": len(TEXTS)}, 0, 0)
        headers = {"accessToken": installation.access_token(second)}
        [group] = installation.call("GET", "/v1/tenant/findGroupsByQuery?query=Shop", headers)[1]["groups"]
        path = f"/v1/groups/{group['groupId']}/messages?count=100"
        shown = installation.call("GET", path, headers)[1]["messages"]
        assert sorted(
            ("Shop, floor", each["referenceId"], each["sender"], f"{each['sentAt'][:19]}Z", each["message"])
            for each in shown
        ) == sorted(written)
        assert {each["sender"] for each in shown} == {ADMIN}
