"""`chaupal members`: lists as people have them, and what has become of each row."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from chaupal.cli.using.number_lists import ListedNumber, ListRefused, read_number, read_number_list
from tests.cli.using import THIRD, User
from tests.installations import ADMIN, OTHER

FOURTH = "+919876500004"


def numbers_in(user: User) -> dict[str, str]:
    members = user.call("GET", f"/groups/{user.group_id}/members")["members"]
    return {member["mobileNumber"]: member["role"] for member in members}


class TestReadNumberList:
    @pytest.mark.parametrize(
        "content",
        [
            b"+919876500003\n+919876500004\n",
            b"Name,Phone Number\r\nAsha,+919876500003\r\nOmar,+919876500004\r\n",
            b"sep;MOBILE_NO.;city\n1;+919876500003;Pune\n2;+919876500004;Goa\n",
            "नाम\tमोबाइल नंबर\nआशा\t+919876500003\nउमर\t+919876500004\n".encode(),
            "Téléphone,Prénom\n+919876500003,René\n+919876500004,Zoé\n".encode("cp1252"),
            "Name;Handy\nAsha;+919876500003\nOmar;+919876500004\n".encode("utf-16"),
            b'\xef\xbb\xbf"Phone"\n"+919876500003"\n\n"+919876500004"\n',
            b"Asha|+919876500003\nOmar|+919876500004\n",
        ],
    )
    def test_it_finds_the_numbers(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "people.csv"
        path.write_bytes(content)
        assert [each.number for each in read_number_list(path)] == [THIRD, FOURTH]

    def test_rows_are_counted_as_a_spreadsheet_does(self, tmp_path: Path) -> None:
        path = tmp_path / "people.csv"
        path.write_text('Name,Number,Role\n"Asha\nof Pune",+919876500003,Group Admin\n\nOmar,,\n')
        assert read_number_list(path) == [
            ListedNumber(2, "+919876500003", "+919876500003", is_admin=True),
            ListedNumber(4, "", problem="there is no number"),
        ]

    def test_a_column_can_be_named(self, tmp_path: Path) -> None:
        path = tmp_path / "people.csv"
        path.write_text("Phone,Private line\n+919876500003,+919876500004\n")
        assert [each.number for each in read_number_list(path, column="private LINE")] == [FOURTH]
        with pytest.raises(ListRefused, match="no column Fax; it has Phone, Private line"):
            read_number_list(path, column="Fax")

    @pytest.mark.parametrize("content", [b"", b"\n \n", b"Name,City\nAsha,Pune\n"])
    def test_what_is_no_list_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "people.csv"
        path.write_bytes(content)
        with pytest.raises(ListRefused):
            read_number_list(path)


class TestReadNumber:
    @pytest.mark.parametrize(
        ("text", "country", "number"),
        [
            ("+91 98765-00003", "", "+91 98765-00003"),
            ("98765 00003", "IN", THIRD),
            ("098765 00003", "in", THIRD),
            ("919876500003", "IN", THIRD),
            ("0091 98765 00003", "IN", "0091 98765 00003"),
            ("'+919876500003", "", THIRD),
        ],
    )
    def test_it_is_made_sendable(self, text: str, country: str, number: str) -> None:
        assert read_number(text, country) == (number, "")

    @pytest.mark.parametrize(("text", "part"), [("9.19877E+11", "shortened"), ("", "no number"), ("12", "of IN")])
    def test_what_is_wrong_is_said(self, text: str, part: str) -> None:
        number, problem = read_number(text, "IN")
        assert number == ""
        assert part in problem


class TestAdd:
    def test_each_row_is_told_of_and_admins_are_made(self, user: User) -> None:
        (user.home / "people.csv").write_text(
            "Name,Mobile,Role\n"
            f"Asha,{THIRD},Admin\n"
            f"Again,{THIRD.replace('+', '00')},\n"
            f"Omar,{OTHER},Member\n"
            "Short,9.19877E+11,\n"
            "Zara,12345,\n"
        )
        done = user.run(*("members", "add", user.group_name, "--csv", "people.csv", "--report", "told.csv"), "--json")
        assert done.code == 1
        rows = done.json["rows"]
        assert [(row["row"], row["result"]) for row in rows] == [
            (2, "member"),
            (3, "repeated"),
            (4, "member"),
            (5, "refused"),
            (6, "refused"),
        ]
        assert "shortened" in rows[3]["reason"]
        assert "12345" in rows[4]["reason"]
        assert done.json["counts"] == {"member": 2, "refused": 2, "repeated": 1, "not sent": 0}
        assert numbers_in(user) == {ADMIN: "Admin", OTHER: "Member", THIRD: "Admin"}
        with (user.home / "told.csv").open(encoding="utf-8-sig", newline="") as file:
            assert [row["result"] for row in csv.DictReader(file)] == [row["result"] for row in rows]
        again = user.run("members", "add", user.group_id, "--csv", "people.csv")
        assert again.out.endswith("\n5 rows: 2 are members, 2 refused, 1 repeated.\n")
        assert numbers_in(user) == {ADMIN: "Admin", OTHER: "Member", THIRD: "Admin"}

    def test_numbers_can_be_typed(self, user: User) -> None:
        done = user.run("members", "add", user.group_id, "98765 00003", FOURTH, "--country", "IN")
        assert (done.code, done.out, done.err) == (0, "2 rows: 2 are members.\n", "")
        assert {THIRD, FOURTH} < numbers_in(user).keys()

    def test_more_than_one_call_takes(self, user: User) -> None:
        (user.home / "many.csv").write_text("".join(f"+9198770{number:05}\n" for number in range(1_201)))
        done = user.run("members", "add", user.group_id, "--csv", "many.csv")
        assert (done.code, done.out) == (0, "1201 rows: 1201 are members.\n")
        assert len(user.json("members", "list", user.group_id)["members"]) == 1_203

    def test_check_sends_nothing(self, user: User) -> None:
        done = user.run("members", "add", user.group_id, THIRD, "--check")
        assert (done.code, done.out) == (0, "1 rows: 1 would be sent.\n")
        assert THIRD not in numbers_in(user)

    def test_all_bad_numbers_are_rows_that_are_refused(self, user: User) -> None:
        done = user.run("members", "add", user.group_id, "12345", "--json")
        assert done.code == 1
        assert done.json["counts"]["refused"] == 1

    def test_without_rights_what_was_not_sent_is_told(self, user: User) -> None:
        error = user.refusal("members", "add", "01a20bfa-3592-7172-b065-c79602501c2d", THIRD)
        assert error["errorCode"] == "NotFound"
        done = user.run("members", "add", "01a20bfa-3592-7172-b065-c79602501c2d", THIRD)
        assert done.out == "1 rows: 1 not sent.\n"

    @pytest.mark.parametrize(
        ("words", "part"),
        [((), "nobody to add"), (("--csv", "none.csv"), "No such file"), (("--csv", "no.csv"), "--column")],
    )
    def test_a_list_that_is_none_is_wrong_usage(self, user: User, words: tuple[str, ...], part: str) -> None:
        (user.home / "no.csv").write_text("Name\nAsha\n")
        done = user.run("members", "add", user.group_id, *words)
        assert done.code == 2
        assert part in done.err


class TestList:
    def test_it_shows_who_is_there(self, user: User) -> None:
        shown = user.run("members", "list", user.group_name).out
        assert OTHER in shown
        assert ADMIN in shown
        assert {each["mobileNumber"] for each in user.json("members", "list", user.group_id)["members"]} == {
            ADMIN,
            OTHER,
        }
