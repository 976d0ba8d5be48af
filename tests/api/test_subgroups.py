"""Making, linking, detaching and listing subgroups: who may, what is answered, and what stays when it is refused."""

from __future__ import annotations

from chaupal.subgroups.linking import ABOVE_MAX, LEVELS_MAX, PARENTS_MAX
from chaupal.subgroups.rules import LINKED_AT_ONCE_MAX
from tests.api.hierarchies import ids_in, link, links_of, make_chain
from tests.api.scenarios import GUID, UNKNOWN_ID, Scenario, scenarios
from tests.api.worlds import GITA, OMAR, World

CREATING = (
    Scenario(
        "an admin makes a subgroup",
        "POST {group}/subgroups",
        "group_admin",
        {"groupName": "Drivers", "members": [OMAR], "welcomeMessage": "Hello"},
        answer={"groupId": GUID, "groupName": "Drivers"},
        events={"GroupAdded": 1, "MemberAdded": 2, "SubgroupAdded": 1},
    ),
    Scenario(
        "a group token does",
        "POST {group}/subGroups",
        "group_token",
        {"name": "Drivers"},
        answer={"groupName": "Drivers"},
        events={"GroupAdded": 1, "MemberAdded": 1, "SubgroupAdded": 1},
    ),
    Scenario("a member does not", "POST {group}/subGroups", "member", {"name": "x"}, status=403, code="Forbidden"),
    Scenario(
        "an outsider finds no group", "POST {group}/subGroups", "outsider", {"name": "x"}, status=404, code="NotFound"
    ),
    Scenario(
        "it has a name",
        "POST {group}/subGroups",
        "group_admin",
        {"members": [OMAR]},
        status=400,
        code="InvalidParameters",
    ),
    Scenario(
        "it is no public group",
        "POST {group}/subGroups",
        "tenant_admin",
        {"name": "News", "groupType": "connectgroup"},
        status=400,
        code="InvalidParameters",
    ),
)


class TestCreating:
    @scenarios(CREATING)
    def test_by_whom(self, world: World, scenario: Scenario) -> None:
        scenario.play(world)

    def test_makes_a_group_below_with_its_own_admin_and_welcome(self, world: World) -> None:
        body = {"name": "Drivers", "members": [OMAR], "welcomeMessage": "Hello", "groupImageURL": "https://a.example/b"}
        made = world.group_admin.post(f"/groups/{world.group_id}/subGroups", body).json()["groupId"]
        seen = world.group_as_seen(made)
        assert seen["callerRole"] == "Admin"
        assert seen["hasParentGroups"] is True
        assert seen["currentLevelParentGroupCount"] == 1
        assert seen["groupImageUrl"] == "https://a.example/b"
        assert world.texts(world.outsider, group_id=made) == ["Hello"]
        assert world.group_as_seen()["hasSubGroups"] is True
        assert links_of(world) == {(world.group_id, made)}

    def test_the_caller_stays_out_where_another_admin_is_named(self, world: World) -> None:
        path = f"/groups/{world.group_id}/subGroups"
        alone = world.group_admin.post(path, {"name": "Alone", "addUserToGroup": False}).json()["groupId"]
        others = {"name": "Others", "addUserToGroup": "false", "admins": [OMAR]}
        other = world.group_admin.post(path, others).json()["groupId"]
        assert world.group_as_seen(alone)["callerRole"] == "Admin"
        assert world.group_as_seen(other)["callerRole"] == "None"
        assert world.group_as_seen(other, by=world.outsider)["callerRole"] == "Admin"

    def test_a_repeated_call_with_a_key_makes_one(self, world: World) -> None:
        path, key = f"/groups/{world.group_id}/subGroups", {"Idempotency-Key": "once"}
        first, second = (world.group_admin.post(path, {"name": "Drivers"}, headers=key).json() for _ in range(2))
        assert first == second
        assert len(links_of(world)) == 1


class TestLinking:
    def test_puts_several_below_at_once_and_repeating_changes_nothing(self, world: World) -> None:
        one, two, _ = world.make_group("One"), world.make_group("Two"), world.group_id
        position = world.position
        answer = link(world.group_admin, world.group_id, one, two.upper(), one)
        assert (answer.status_code, answer.json()) == (200, {"result": "true"})
        assert world.count_events_after(position) == {"SubgroupAdded": 2}
        assert links_of(world) == {(world.group_id, one), (world.group_id, two)}
        position = world.position
        assert link(world.group_admin, world.group_id, two, one).json() == {"result": "true"}
        assert world.position == position

    def test_an_event_names_parent_and_child(self, world: World) -> None:
        one, _ = world.make_group("One"), world.group_id
        position = world.position
        link(world.group_admin, world.group_id, one)
        [event] = world.events_after(position)
        assert (event.event_type, event.group_id, event.object_id) == ("SubgroupAdded", world.group_id, one)

    def test_an_unknown_one_refuses_all_and_is_not_named(self, world: World) -> None:
        one = world.make_group("One")
        hidden = world.outsider.post("/groups", {"name": "Hidden"}).json()["groupId"]
        bodies = set()
        for other in (UNKNOWN_ID, hidden, world.other_world.group_id):
            answer = link(world.group_admin, world.group_id, one, other)
            assert answer.status_code == 404
            assert other not in answer.text
            bodies.add(answer.json()["message"])
        assert len(bodies) == 1
        assert links_of(world) == set()

    def test_needs_an_admin_of_each(self, world: World) -> None:
        mohans = world.member.post("/groups", {"name": "Mohan's", "members": [GITA]}).json()["groupId"]
        assert link(world.group_admin, world.group_id, mohans).status_code == 403
        assert link(world.member, world.group_id, mohans).status_code == 403
        assert links_of(world) == set()
        assert link(world.tenant_admin, world.group_id, mohans).status_code == 200

    def test_public_groups_have_no_subgroups_and_are_none(self, world: World) -> None:
        public = world.tenant_admin.post("/groups", {"name": "News", "groupType": "ConnectGroup"}).json()["groupId"]
        for parent, child in ((world.group_id, public), (public, world.group_id)):
            answer = link(world.tenant_admin, parent, child)
            assert answer.status_code == 400
            assert "ConnectGroup" in answer.json()["message"]
        assert world.tenant_admin.post(f"/groups/{public}/subGroups", {"name": "x"}).status_code == 400
        assert links_of(world) == set()

    def test_a_cycle_is_refused(self, world: World) -> None:
        top, middle, bottom = make_chain(world, 3)
        before = links_of(world)
        for parent, child in ((bottom, top), (bottom, middle), (middle, middle)):
            answer = link(world.group_admin, parent, child)
            assert answer.status_code == 409
            assert child in answer.json()["message"]
        assert links_of(world) == before

    def test_two_that_together_make_a_cycle_at_once_leave_one(self, world: World) -> None:
        for number in range(8):
            one, two = world.make_group(f"One {number}"), world.make_group(f"Two {number}")
            token = world.group_admin.access_token
            answers = world.client.call_at_once(
                *(
                    ("PUT", f"/groups/{parent}/subGroups", {"token": token, "body": {"subGroups": [child]}})
                    for parent, child in ((one, two), (two, one))
                )
            )
            assert sorted(answer.status_code for answer in answers) == [200, 409]
            assert len(links_of(world) & {(one, two), (two, one)}) == 1

    def test_a_group_token_links_what_lies_below_it_alone(self, world: World) -> None:
        one, two, beside = (world.make_group(name) for name in ("One", "Two", "Beside"))
        link(world.group_admin, world.group_id, one, two)
        assert link(world.group_token, one, two).status_code == 200
        assert link(world.group_token, one, beside).status_code == 404
        assert link(world.group_token, beside, one).status_code == 404

    def test_at_most_so_many_at_once(self, world: World) -> None:
        answer = link(world.group_admin, world.group_id, *(f"{number}" for number in range(LINKED_AT_ONCE_MAX + 1)))
        assert answer.status_code == 400
        assert str(LINKED_AT_ONCE_MAX) in answer.json()["message"]


class TestLimits:
    def test_levels(self, world: World) -> None:
        chain = make_chain(world, LEVELS_MAX + 1)
        one_more = world.make_group("One more")
        for parent, child in ((chain[-1], one_more), (one_more, chain[0])):
            answer = link(world.group_admin, parent, child)
            assert answer.status_code == 409
            assert f"at most {LEVELS_MAX} levels" in answer.json()["message"]
        assert link(world.group_admin, chain[0], one_more).status_code == 200
        world.send("down", group_id=chain[0])
        assert world.texts(world.group_admin, group_id=chain[-1]) == ["down"]
        whole = world.group_admin.get("/groups", fetchAllGroups="true").json()["groups"]
        assert set(chain) <= set(ids_in(whole))
        token = world.sign_in(GITA, group_id=chain[0])
        assert token.get(f"/groups/{chain[-1]}").json()["callerRole"] == "Admin"

    def test_parents(self, world: World) -> None:
        child = world.make_group("Child")
        for number in range(PARENTS_MAX):
            assert link(world.group_admin, world.make_group(f"Parent {number}"), child).status_code == 200
        seen = world.group_as_seen(child)
        assert seen["currentLevelParentGroupCount"] == PARENTS_MAX
        answer = link(world.group_admin, world.make_group("One too many"), child)
        assert answer.status_code == 409
        assert f"at most {PARENTS_MAX} groups directly above" in answer.json()["message"]

    def test_groups_above_count_for_those_further_down_too(self, world: World) -> None:
        """A middle under 20, each under 4 of its own, is under 100; what lies below it may not be under more."""
        middle, low = world.make_group("Middle"), world.make_group("Low")
        for number in range(PARENTS_MAX):
            upper = world.make_group(f"Upper {number}")
            assert link(world.group_admin, upper, middle).status_code == 200
            for _ in range(ABOVE_MAX // PARENTS_MAX - 1):
                assert link(world.group_admin, world.make_group("Top"), upper).status_code == 200
        answer = link(world.group_admin, middle, low)
        assert answer.status_code == 409
        assert f"at most {ABOVE_MAX} groups above" in answer.json()["message"]
        assert link(world.group_admin, low, world.make_group("Lowest")).status_code == 200


class TestUnlinking:
    def test_detaches_and_both_live_on(self, world: World) -> None:
        one = world.make_group("One", members=[OMAR])
        link(world.group_admin, world.group_id, one)
        world.send("seen")
        position = world.position
        answer = world.group_admin.delete(f"/groups/{world.group_id}/subGroups/{one}")
        assert (answer.status_code, answer.json()) == (200, {"result": "true"})
        assert world.count_events_after(position) == {"SubgroupRemoved": 1}
        assert links_of(world) == set()
        world.send("not seen")
        assert world.texts(world.outsider, group_id=one) == ["seen"]
        assert world.group_as_seen()["hasSubGroups"] is False

    def test_what_is_no_subgroup_is_not_found(self, world: World) -> None:
        one = world.make_group("One")
        for child in (one, UNKNOWN_ID):
            answer = world.group_admin.delete(f"/groups/{world.group_id}/subGroups/{child}")
            assert answer.status_code == 404
        link(world.group_admin, world.group_id, one)
        path = f"/groups/{world.group_id}/subGroups/{one}"
        assert world.member.delete(path).status_code == 403
        assert world.outsider.delete(path).status_code == 404
        assert links_of(world) == {(world.group_id, one)}

    def test_linking_again_shows_what_is_sent_from_then_on(self, world: World) -> None:
        one = world.make_group("One", members=[OMAR])
        for text in ("first", "second"):
            link(world.group_admin, world.group_id, one)
            world.send(text)
            world.group_admin.delete(f"/groups/{world.group_id}/subGroups/{one}")
            world.send(f"after the {text}")
        assert world.texts(world.outsider, group_id=one) == ["second", "first"]

    def test_a_deleted_group_lets_go_of_all(self, world: World) -> None:
        top, middle, bottom = make_chain(world, 3)
        position = world.position
        assert world.group_admin.delete(f"/groups/{middle}").status_code == 200
        assert world.count_events_after(position) == {"SubgroupRemoved": 2, "GroupRemoved": 1}
        assert links_of(world) == set()
        assert world.group_as_seen(top)["currentLevelSubGroupCount"] == 0
        assert world.group_as_seen(bottom)["currentLevelParentGroupCount"] == 0


class TestListing:
    def test_has_both_forms_of_the_old_reference(self, world: World) -> None:
        one = world.make_group("One", welcomeMessage="Hello")
        link(world.group_admin, world.group_id, one)
        answer = world.member.get(f"/groups/{world.group_id}/subgroups").json()
        assert answer["groupId"] == world.group_id
        assert answer["welcomeMessage"] == "Welcome to the depot"
        assert answer["callerRole"] == "Member"
        [child] = answer["subGroups"]
        assert (child["groupName"], child["welcomeMessage"]) == ("One", "Hello")
        assert (child["callerRole"], child["isEditable"], child["isDetailsReadable"]) == ("None", False, True)
        assert "subGroups" not in child
        [whole] = answer.pop("groups")
        assert whole == answer

    def test_of_a_group_without_any_is_empty(self, world: World) -> None:
        assert world.member.get(f"/groups/{world.group_id}/subGroups").json()["subGroups"] == []

    def test_the_whole_tree_nests_and_repeats_no_branch(self, world: World) -> None:
        top, left, right, shared, low = (world.make_group(name) for name in ("Top", "Left", "Right", "Shared", "Low"))
        link(world.group_admin, top, left, right)
        link(world.group_admin, left, shared)
        link(world.group_admin, right, shared)
        link(world.group_admin, shared, low)
        tree = world.group_admin.get(f"/groups/{top}/subGroups", fetchAllGroups="true").json()
        first, second = tree["subGroups"]
        assert ids_in([first, second]) == [left, right]
        [once], [again] = first["subGroups"], second["subGroups"]
        assert (once["groupId"], once["isDuplicate"], ids_in(once["subGroups"])) == (shared, False, [low])
        assert once["subGroups"][0]["subGroups"] == []
        assert (again["groupId"], again["isDuplicate"], "subGroups" in again) == (shared, True, False)
        assert ids_in(world.group_admin.get(f"/groups/{top}/subGroups").json()["subGroups"]) == [left, right]
