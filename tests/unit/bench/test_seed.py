"""Large data that are not what a case says would be measured just as gladly."""

from bench.seed import Step, in_chunks
from bench.seed_answers import steps_of_answers, steps_of_likes
from bench.seed_groups import make_people, plan_tree, steps_of_messages, steps_of_people


def requests_of(steps: list[Step]) -> list:
    return [step.request for step in steps]


class TestInChunks:
    def test_every_row_is_in_one_chunk_in_order(self) -> None:
        chunks = list(in_chunks(range(25), 10))
        assert [len(chunk) for chunk in chunks] == [10, 10, 5]
        assert [row for chunk in chunks for row in chunk] == list(range(25))

    def test_of_nothing_there_is_none(self) -> None:
        assert list(in_chunks([], 10)) == []


class TestPlanTree:
    def test_each_group_of_a_level_has_the_width_below_it(self) -> None:
        planned = plan_tree("root", (3, 4))
        below = {groups.parent_id: groups.group_ids for groups in planned}
        assert len(below["root"]) == 3
        assert [len(below[child_id]) for child_id in below["root"]] == [4, 4, 4]
        assert len(below) == 1 + 3

    def test_a_group_is_planned_after_the_one_above_it(self) -> None:
        known = {"root"}
        for groups in plan_tree("root", (2, 2, 2)):
            assert groups.parent_id in known
            known.update(groups.group_ids)
        assert len(known) == 1 + 2 + 4 + 8

    def test_people_become_members_of_every_group(self) -> None:
        assert {tuple(groups.user_ids) for groups in plan_tree("root", (1, 1), ["asha"])} == {("asha",)}


class TestSteps:
    def test_no_two_people_have_the_same_number(self) -> None:
        people = make_people(0, 100) + make_people(100, 100)
        assert len({person.mobile_number for person in people}) == 200
        assert len({person.user_id for person in people}) == 200

    def test_everyone_is_added_once(self) -> None:
        people = make_people(0, 25_000)
        requests = requests_of(list(steps_of_people(["one", "two"], people)))
        assert [person for request in requests for person in request.people] == people
        assert {tuple(request.group_ids) for request in requests} == {("one", "two")}

    def test_messages_are_numbered_on_through_the_steps(self) -> None:
        requests = requests_of(list(steps_of_messages(["group"], 25_000)))
        assert [(request.first, request.count) for request in requests] == [
            (0, 10_000),
            (10_000, 10_000),
            (20_000, 5_000),
        ]

    def test_everyone_answers_and_likes_once(self) -> None:
        user_ids = [str(number) for number in range(10_001)]
        for steps in (steps_of_answers("item", user_ids), steps_of_likes("item", user_ids)):
            requests = requests_of(list(steps))
            assert [user_id for request in requests for user_id in request.user_ids] == user_ids
            assert {request.item_id for request in requests} == {"item"}
