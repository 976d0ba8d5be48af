"""The subscribers of public groups: adding, removing, listing, and what reaches them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.worlds import MOHAN, NOBODY, OMAR, Caller, World

KAVYA, LEENA = "+919800000011", "+919800000012"


class PublicGroup:
    """Asha's public group: Mohan is a member of it, Omar and Kavya are subscribers."""

    def __init__(self, world: World, *, welcome: str = "") -> None:
        self.world = world
        self.admin = world.tenant_admin
        self.member = world.member
        body = {"name": "जल आपूर्ति", "groupType": "ConnectGroup", "members": [MOHAN], "welcomeMessage": welcome}
        self.id: str = self.admin.post("/groups", body).json()["groupId"]
        world.add_person(KAVYA, "Kavya")
        self.add(OMAR, KAVYA)
        self.omar = world.outsider
        self.kavya = world.sign_in(KAVYA)

    def add(self, *numbers: str) -> httpx.Response:
        return self.admin.put(f"/groups/{self.id}/subscribers/add", {"subscribers": list(numbers)})

    def remove(self, *numbers: str) -> httpx.Response:
        return self.admin.put(f"/groups/{self.id}/subscribers/remove", {"subscribers": list(numbers)})

    def send(self, text: str, *, sender: Caller | None = None, **fields: Any) -> str:
        answer = (sender or self.admin).post(f"/groups/{self.id}/messages", {"message": text, **fields})
        assert answer.status_code == 200, answer.text
        sent: str = answer.json()["referenceId"]
        return sent

    def texts(self, reader: Caller) -> list[str]:
        return self.world.texts(reader, group_id=self.id)

    def numbers(self, **query: Any) -> list[str]:
        answer = self.admin.get(f"/groups/{self.id}/subscribers", **query)
        assert answer.status_code == 200, answer.text
        return [one["mobileNumber"] for one in answer.json()["subscribers"]]


@pytest.fixture
def public(world: World) -> PublicGroup:
    return PublicGroup(world)


class TestAddSubscribers:
    def test_each_number_has_its_own_answer(self, public: PublicGroup) -> None:
        position = public.world.position
        answer = public.add("+91 98765-00001", "12", MOHAN, OMAR, "+919876500001")
        assert answer.status_code == 200
        result = answer.json()["result"]
        assert result.keys() == {"+91 98765-00001", "12", MOHAN, OMAR, "+919876500001"}
        assert [result[number] for number in ("+91 98765-00001", OMAR, "+919876500001")] == [{"isAdded": True}] * 3
        assert result["12"]["isAdded"] is False
        assert "12" in result["12"]["reason"]
        assert result[MOHAN] == {"isAdded": False, "reason": "Is a member of this group already."}
        assert public.world.count_events_after(position) == {"PersonAdded": 1, "MemberAdded": 1}
        assert sorted(public.numbers()) == sorted(["+919876500001", OMAR, KAVYA])

    def test_a_group_of_another_type_is_a_400(self, world: World) -> None:
        answer = world.group_admin.put(f"/groups/{world.group_id}/subscribers/add", {"subscribers": [OMAR]})
        assert answer.status_code == 400
        assert "ConnectGroup" in answer.json()["message"]
        assert world.group_admin.get(f"/groups/{world.group_id}/subscribers").status_code == 400

    def test_a_thousand_at_once_and_no_more(self, public: PublicGroup) -> None:
        numbers = [f"+9197{number:08}" for number in range(1_001)]
        assert public.add(*numbers).status_code == 413
        assert public.numbers() == public.numbers()
        answer = public.add(*numbers[:1_000])
        assert all(one == {"isAdded": True} for one in answer.json()["result"].values())
        assert public.world.group_as_seen(public.id, by=public.admin)["userCount"] == 1_004

    def test_members_and_outsiders_may_not(self, public: PublicGroup) -> None:
        body = {"subscribers": [NOBODY]}
        for caller, status in ((public.member, 403), (public.omar, 403), (public.world.group_admin, 404)):
            answer = caller.put(f"/groups/{public.id}/subscribers/add", body)
            assert answer.status_code == status, caller.number

    def test_a_subscriber_who_becomes_a_member_is_one_alone(self, public: PublicGroup) -> None:
        before = public.world.group_as_seen(public.id, by=public.admin)["userCount"]
        assert public.admin.put(f"/groups/{public.id}/members", {"members": [OMAR]}).status_code == 200
        assert public.numbers() == [KAVYA]
        members = public.admin.get(f"/groups/{public.id}/members").json()["members"]
        assert OMAR in [one["mobileNumber"] for one in members]
        assert public.world.group_as_seen(public.id, by=public.admin)["userCount"] == before


class TestRemoveSubscribers:
    def test_each_number_has_its_own_answer(self, public: PublicGroup) -> None:
        position = public.world.position
        answer = public.remove(OMAR, MOHAN, NOBODY, "x")
        result = answer.json()["result"]
        assert result[OMAR] == {"isRemoved": True}
        assert result[MOHAN] == result[NOBODY] == {"isRemoved": False, "reason": "Not a subscriber of this group."}
        assert result["x"]["isRemoved"] is False
        assert public.world.count_events_after(position) == {"MemberRemoved": 1}
        assert public.numbers() == [KAVYA]
        assert public.omar.get(f"/groups/{public.id}/messages", count=1).status_code == 404

    def test_a_subscriber_leaves_by_themselves(self, public: PublicGroup) -> None:
        assert public.omar.post(f"/groups/{public.id}/leave").status_code == 200
        assert public.numbers() == [KAVYA]

    def test_a_subscriber_is_no_member_to_remove_or_promote(self, public: PublicGroup) -> None:
        path = f"/groups/{public.id}/members/{public.omar.id}"
        assert public.admin.delete(path).status_code == 404
        assert public.admin.put(path, {"role": "Admin"}).status_code == 404

    def test_coming_back_shows_what_was_sent_in_both_times(self, public: PublicGroup) -> None:
        public.send("one", sendToAllSubscribers=True)
        public.send("for Omar", subscribers=[OMAR])
        public.remove(OMAR)
        public.send("two", sendToAllSubscribers=True)
        public.add(OMAR)
        public.send("three", sendToAllSubscribers=True)
        assert public.texts(public.omar) == ["three", "for Omar", "one"]


class TestListSubscribers:
    @pytest.mark.parametrize("how", ["POST", "GET"])
    def test_pages_give_everyone_once(self, public: PublicGroup, how: str) -> None:
        public.add(*[f"+9197{number:08}" for number in range(120)])
        path = f"/groups/{public.id}/subscribers"
        pages: list[Callable[[dict[str, Any]], httpx.Response]] = [
            lambda asked: public.admin.post(path, asked) if how == "POST" else public.admin.get(path, **asked)
        ]
        seen: list[str] = []
        asked: dict[str, Any] = {"count": 50, "cursor": ""}
        sizes = []
        while True:
            answer = pages[0](asked).json()
            seen += [one["mobileNumber"] for one in answer["subscribers"]]
            sizes.append(len(answer["subscribers"]))
            if "cursor" not in answer:
                break
            asked = {"count": 50, "cursor": answer["cursor"]}
        assert sizes == [50, 50, 22]
        assert len(set(seen)) == 122
        assert seen == public.numbers()

    def test_without_count_and_cursor_it_is_all(self, public: PublicGroup) -> None:
        answer = public.admin.post(f"/groups/{public.id}/subscribers", {})
        assert [one["name"] for one in answer.json()["subscribers"]] == ["Omar", "Kavya"]
        assert "cursor" not in answer.json()

    @pytest.mark.parametrize("count", [0, 51, -1])
    def test_a_page_has_1_to_50(self, public: PublicGroup, count: int) -> None:
        answer = public.admin.post(f"/groups/{public.id}/subscribers", {"count": count})
        assert answer.status_code == 400
        assert "count: must be 1 to 50" in answer.json()["message"]

    def test_members_are_not_among_them_nor_they_among_members(self, public: PublicGroup) -> None:
        members = public.member.get(f"/groups/{public.id}/members").json()["members"]
        assert sorted(one["name"] for one in members) == ["Asha", "Mohan"]


class TestMessagesOfAPublicGroup:
    def test_each_audience_sees_its_own(self, public: PublicGroup) -> None:
        public.send("to all", sendToAllSubscribers=True)
        public.send("to Kavya", subscribers=[KAVYA])
        public.send("among us")
        public.send("from Omar", sender=public.omar)
        public.send("from Mohan", sender=public.member)
        assert public.texts(public.admin) == ["from Mohan", "from Omar", "among us", "to Kavya", "to all"]
        assert public.texts(public.member) == ["from Mohan", "among us", "to all"]
        assert public.texts(public.omar) == ["from Omar", "to all"]
        assert public.texts(public.kavya) == ["to Kavya", "to all"]

    def test_a_list_wins_over_all(self, public: PublicGroup) -> None:
        public.send("to Kavya", subscribers=[KAVYA], sendToAllSubscribers=True)
        assert public.texts(public.omar) == []
        assert public.texts(public.kavya) == ["to Kavya"]

    def test_numbers_that_are_no_subscribers_are_named(self, public: PublicGroup) -> None:
        body = {"message": "hi", "subscribers": [KAVYA, NOBODY, "junk", KAVYA, MOHAN]}
        answer = public.admin.post(f"/groups/{public.id}/messages", body)
        assert answer.status_code == 200
        failed = answer.json()["failedResult"]
        assert [one["subscriber"] for one in failed] == ["junk", NOBODY, MOHAN]
        assert {one["errorCode"] for one in failed} == {"InvalidParameters", "NotFound"}
        assert public.texts(public.kavya) == ["hi"]

    def test_a_subscriber_names_nobody(self, public: PublicGroup) -> None:
        for fields in ({"subscribers": [KAVYA]}, {"sendToAllSubscribers": True}, {"subscribers": [NOBODY]}):
            answer = public.omar.post(f"/groups/{public.id}/messages", {"message": "psst", **fields})
            assert answer.status_code == 403, fields
        assert public.texts(public.kavya) == []

    def test_a_subscriber_changes_their_own_and_no_other(self, public: PublicGroup) -> None:
        mine = public.send("pump brokn", sender=public.omar)
        theirs = public.send("to all", sendToAllSubscribers=True)
        assert public.omar.put(f"/groups/{public.id}/messages/{mine}", {"message": "pump broken"}).status_code == 200
        assert public.omar.delete(f"/groups/{public.id}/messages/{theirs}").status_code == 403
        assert public.texts(public.admin)[1:] == ["pump broken"]
        assert public.kavya.get(f"/groups/{public.id}/messages/{mine}").status_code == 404

    def test_a_welcome_reaches_new_subscribers(self, world: World) -> None:
        public = PublicGroup(world, welcome="नमस्ते")
        public.add(LEENA)
        world.people[LEENA] = world.people[OMAR]._replace(mobile_number=LEENA)
        assert public.texts(public.omar) == ["नमस्ते"]
        assert public.texts(world.sign_in(LEENA)) == ["नमस्ते"]

    def test_a_subscriber_who_became_an_admin_sees_each_once(self, public: PublicGroup) -> None:
        public.send("for Omar", subscribers=[OMAR])
        public.send("from Omar", sender=public.omar)
        public.admin.put(f"/groups/{public.id}/members", {"members": [OMAR]})
        assert public.texts(public.omar) == ["from Omar", "for Omar"]
        public.admin.put(f"/groups/{public.id}/members/{public.omar.id}", {"role": "Admin"})
        assert public.texts(public.omar) == ["from Omar", "for Omar"]

    def test_a_tenant_admin_who_is_no_member_sees_everything(self, public: PublicGroup) -> None:
        public.send("from Omar", sender=public.omar)
        public.admin.put(f"/groups/{public.id}/members/{public.member.id}", {"role": "Admin"})
        assert public.admin.post(f"/groups/{public.id}/leave").status_code == 200
        assert public.texts(public.admin) == ["from Omar"]


class TestWhatASubscriberSeesOfTheGroup:
    def test_no_counts(self, public: PublicGroup) -> None:
        for seen in (
            public.omar.get(f"/groups/{public.id}").json(),
            public.omar.get("/groups", showDetail="true").json()["groups"][0],
        ):
            assert seen["callerRole"] == "Subscriber"
            assert {value for name, value in seen.items() if name.endswith("Count")} == {0}

    def test_an_admin_sees_members_and_subscribers_counted(self, public: PublicGroup) -> None:
        seen = public.world.group_as_seen(public.id, by=public.admin)
        assert seen["userCount"] == seen["uniqueUserCount"] == seen["currentLevelUserCount"] == 4
