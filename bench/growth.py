"""The cases in which the product is its own baseline: the same call on little and on much, or two calls beside each
other. The large data comes from `seed`, which is imported where it is used, because it imports the product.
"""

from dataclasses import replace
from typing import Any

from bench.case import Case, Result, describe_loads, result_of_cpu, result_of_p50
from bench.load import RunRefused, Target
from bench.measure import Bench, Measurement
from bench.product import Product
from bench.stage import Stage
from bench.statistics import Side
from bench.stored import all_stored

CONNECTIONS = 64
FEW_MEMBERS, MANY_MEMBERS = 10, 100_000
FEW_MESSAGES, MANY_MESSAGES = 100, 1_000_000
FLAT_MESSAGES, DEEP_MESSAGES = 100_000, 1_000_000
ANCESTORS = 10
MESSAGES_SHOWN = 50
FEW_GROUPS, MANY_GROUPS, TREE_GROUPS = 10, 1_000, 10
ROOT_WIDTHS = (27, 36)
"""With the root 1 + 27 + 27 * 36 = 1,000 groups on three levels."""
ROOT_MEMBERS_EACH = 100
FEW_ANSWERS, MANY_ANSWERS, ANSWERS_SHOWN = 100, 100_000, 100
FEW_LIKES, MANY_LIKES = 10, 100_000


def run_post_survey(case: Case, stage: Stage) -> Result:
    """What a form costs beside a text."""
    group_id = stage.group_id
    product = stage.running_product()
    targets = {Side.BASELINE: product.post_target(group_id), Side.SUBJECT: product.survey_target(group_id)}
    for target in targets.values():
        product.check_target(target)
    sides = {side: (product.server, target) for side, target in targets.items()}
    taken: dict[Side, list[Measurement]] = {side: [] for side in Side}
    with (
        all_stored(product.store_address, "messages", taken[Side.BASELINE]),
        all_stored(product.store_address, "actions", taken[Side.SUBJECT]),
    ):
        for side, measurements in _cpu_bench(stage).compare_loads(sides, CONNECTIONS).items():
            taken[side] += measurements
    return result_of_cpu(case, stage, taken)


def run_post_large(case: Case, stage: Stage) -> Result:
    from bench.seed_groups import make_people, steps_of_people

    product = stage.running_product()
    few, many = product.create_group("Few members"), product.create_group("Many members")
    people = make_people(stage.take_numbers(FEW_MEMBERS + MANY_MEMBERS), FEW_MEMBERS + MANY_MEMBERS - 2)
    # The admin is the first member of each.
    at = FEW_MEMBERS - 1
    stage.seed([*steps_of_people([few], people[:at]), *steps_of_people([many], people[at:])])
    return _compare_p50(case, stage, product.post_target(few), product.post_target(many))


def run_post_root(case: Case, stage: Stage) -> Result:
    """Posting writes one row, however many groups and people lie below."""
    from bench.seed import Step, in_chunks
    from bench.seed_groups import make_people, plan_tree, steps_of_groups, steps_of_people

    product = stage.running_product()
    flat_id, root_id = product.create_group("Flat"), product.create_group("Root")
    planned = plan_tree(root_id, ROOT_WIDTHS)
    group_ids = [root_id, *(group_id for groups in planned for group_id in groups.group_ids)]
    steps: list[Step] = list(steps_of_groups(planned))
    for part in in_chunks(group_ids, 100):
        count = ROOT_MEMBERS_EACH * len(part)
        steps += steps_of_people(part, make_people(stage.take_numbers(count), count))
    steps += steps_of_people([flat_id], make_people(stage.take_numbers(FEW_MEMBERS), FEW_MEMBERS - 1))
    stage.seed(steps)
    whole = product.call("GET", f"/v1/groups/{root_id}")
    if whole["userCount"] < len(group_ids) * ROOT_MEMBERS_EACH:
        raise RunRefused(f"only {whole['userCount']} members lie below the root")
    return _compare_p50(case, stage, product.post_target(flat_id), product.post_target(root_id))


def run_get_large(case: Case, stage: Stage) -> Result:
    from bench.seed_groups import steps_of_messages

    product = stage.running_product()
    few, many = product.create_group("Few messages"), product.create_group("Many messages")
    stage.seed([*steps_of_messages([few], FEW_MESSAGES), *steps_of_messages([many], MANY_MESSAGES)])
    return _compare_timelines(case, stage, few, many)


def run_timeline_deep(case: Case, stage: Stage) -> Result:
    """The messages of all levels come in turn, so that a page has some of each. There are many people, so that looking
    a sender up costs what it does in a large organization."""
    from bench.seed_groups import make_people, plan_tree, steps_of_groups, steps_of_messages, steps_of_people

    product = stage.running_product()
    flat_id, root_id = product.create_group("Flat"), product.create_group("Highest")
    planned = plan_tree(root_id, [1] * ANCESTORS)
    levels = [root_id, *(groups.group_ids[0] for groups in planned)]
    people = make_people(stage.take_numbers(MANY_MEMBERS), MANY_MEMBERS)
    messages = [*steps_of_messages([flat_id], FLAT_MESSAGES), *steps_of_messages(levels, DEEP_MESSAGES)]
    stage.seed([*steps_of_groups(planned), *steps_of_people([], people), *messages])
    shown = product.check_target(product.history_target(levels[-1]))["messages"]
    if {message["sourceGroupId"] for message in shown} != set(levels):
        raise RunRefused("the page does not hold messages of all levels")
    return _compare_timelines(case, stage, flat_id, levels[-1])


def _compare_timelines(case: Case, stage: Stage, small_id: str, large_id: str) -> Result:
    product = stage.running_product()
    targets = product.history_target(small_id), product.history_target(large_id)
    for target in targets:
        _check_count(product, target, "messages", MESSAGES_SHOWN)
    return _compare_p50(case, stage, *targets)


def run_groups_list(case: Case, stage: Stage) -> Result:
    """Two people whose groups are trees of ten, one with a hundred times as many."""
    from bench.seed import Step
    from bench.seed_groups import NewGroups, make_people, plan_tree, steps_of_groups, steps_of_people
    from chaupal.store.clock import new_id

    product = stage.running_product()
    people = make_people(stage.take_numbers(2), 2)
    steps: list[Step] = list(steps_of_people([], people))
    counts = (FEW_GROUPS, MANY_GROUPS)
    for person, count in zip(people, counts, strict=True):
        for root_id in [new_id() for _ in range(count // TREE_GROUPS)]:
            root = NewGroups([root_id], "", [person.user_id])
            steps += steps_of_groups([root, *plan_tree(root_id, [TREE_GROUPS - 1], [person.user_id])])
    stage.seed(steps)
    product = stage.running_product()
    targets = [
        product.read_target("/v1/groups?showDetail=true", product.access_token_of(person.mobile_number))
        for person in people
    ]
    for target, count in zip(targets, counts, strict=True):
        _check_count(product, target, "groups", count)
    sides = dict(zip(Side, ((product.server, target) for target in targets), strict=True))
    taken = _cpu_bench(stage).compare_loads(sides, 1)
    few, many = (
        [measurement.cpu_us / count for measurement in taken[side]] for side, count in zip(Side, counts, strict=True)
    )
    return case.result(stage, few, many, *describe_loads(taken))


def run_responses_large(case: Case, stage: Stage) -> Result:
    """The details of a survey show a page of its answers and the sums of all of them."""
    from bench.seed_answers import steps_of_answers
    from bench.seed_groups import make_people, steps_of_people

    product = stage.running_product()
    group_id = product.create_group("Surveyed")
    survey_ids = [product.send(product.survey_target(group_id)) for _ in Side]
    people = make_people(stage.take_numbers(MANY_ANSWERS), MANY_ANSWERS)
    user_ids = [person.user_id for person in people]
    counts = (FEW_ANSWERS, MANY_ANSWERS)
    steps = list(steps_of_people([group_id], people))
    for survey_id, count in zip(survey_ids, counts, strict=True):
        steps += steps_of_answers(survey_id, user_ids[:count])
    stage.seed(steps)
    targets = [
        product.read_target(f"/v1/groups/{group_id}/actions/{survey_id}?getDetails=true&count={ANSWERS_SHOWN}")
        for survey_id in survey_ids
    ]
    for target, count in zip(targets, counts, strict=True):
        details = product.check_target(target)["actionDetails"]
        _expect(target, len(details["responses"]), ANSWERS_SHOWN)
        _expect(target, details["responseCount"], count)
    return _compare_p50(case, stage, *targets)


def run_reactions_large(case: Case, stage: Stage) -> Result:
    from bench.seed_answers import steps_of_likes
    from bench.seed_groups import make_people, steps_of_people

    product = stage.running_product()
    group_id = product.create_group("Liked")
    message_ids = [product.send(product.post_target(group_id)) for _ in Side]
    people = make_people(stage.take_numbers(MANY_LIKES), MANY_LIKES)
    user_ids = [person.user_id for person in people]
    counts = (FEW_LIKES, MANY_LIKES)
    steps = list(steps_of_people([group_id], people))
    for message_id, count in zip(message_ids, counts, strict=True):
        steps += steps_of_likes(message_id, user_ids[:count])
    stage.seed(steps)
    targets = [
        product.read_target(f"/v1/groups/{group_id}/reaction/{message_id}/summary") for message_id in message_ids
    ]
    for target, count in zip(targets, counts, strict=True):
        [summary] = product.check_target(target)["summary"]
        _expect(target, summary["reactionsCountMap"]["like"], count)
    return _compare_p50(case, stage, *targets)


def _check_count(product: Product, target: Target, name: str, count: int) -> None:
    _expect(target, len(product.check_target(target)[name]), count)


def _expect(target: Target, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise RunRefused(f"{target.path} gave {found}, not {wanted}")


def _cpu_bench(stage: Stage) -> Bench:
    """Runs half as long as others: both sides are one process, warmed and at work, and there are many such cases."""
    return replace(stage.bench, plan=replace(stage.bench.plan, run_s=stage.bench.plan.run_s / 2))


def _compare_p50(case: Case, stage: Stage, small: Target, large: Target) -> Result:
    """At one connection. Half of a run's answers are known after a second as well as after four."""
    product = stage.running_product()
    for target in (small, large):
        product.check_target(target)
    sides = {Side.BASELINE: (product.server, small), Side.SUBJECT: (product.server, large)}
    bench = replace(stage.bench, plan=replace(stage.bench.plan, run_s=stage.bench.plan.run_s / 4))
    return result_of_p50(case, stage, bench.compare_loads(sides, 1))
