"""Writes results down: a Markdown table with the machine named, or JSON. No judgement is made here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from bench.case import Result
from bench.statistics import Limits

HEADINGS = ("case", "database", "baseline", "measured", "ratio", "A/A", "bar", "goal", "verdict")


def build_markdown(results: Sequence[Result], facts: Mapping[str, str]) -> str:
    lines = [_row(HEADINGS), _row(["---"] * len(HEADINGS))]
    lines += [_row(_cells(result)) for result in results]
    lines += ["", "Beside the figures:", ""]
    for result in results:
        lines += [f"- {result.case}, {result.database}: {note}" for note in result.notes]
    lines += ["", "Measured on:", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    return "\n".join(lines) + "\n"


def build_json(results: Sequence[Result], facts: Mapping[str, str]) -> str:
    return json.dumps({"results": [asdict(result) for result in results], "facts": dict(facts)}, indent=2) + "\n"


def _cells(result: Result) -> list[str]:
    comparison = result.comparison
    ratio = f"{comparison.ratio:.2f} ({comparison.low:.2f}-{comparison.high:.2f})"
    if comparison.is_inside_spread:
        ratio += ", not measurable"
    return [
        result.title,
        result.database,
        f"{result.baseline_name}: {_number(comparison.baseline)} {result.unit}",
        f"{_number(comparison.subject)} {result.unit}",
        ratio,
        f"x {comparison.spread:.2f}",
        *_limits(result),
        _verdict(result),
    ]


def _verdict(result: Result) -> str:
    is_unclear = result.limits is not None and result.judged == "ratio" and result.comparison.spans(result.limits.bar)
    return f"{result.verdict}, unclear" if is_unclear else result.verdict


def _limits(result: Result) -> list[str]:
    if result.limits is None:
        return ["", ""]
    sign = ">=" if result.limits.is_lower_bound else "<="
    unit = "x" if result.judged == "ratio" else result.judged
    return [f"{sign} {limit:g} {unit}" for limit in (result.limits.bar, result.limits.goal)]


def _number(value: float) -> str:
    """Three significant digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def describe_limits(limits: Limits | None) -> str:
    if limits is None:
        return "reported"
    sign = ">=" if limits.is_lower_bound else "<="
    return f"bar {sign} {limits.bar:g}, goal {sign} {limits.goal:g}"
