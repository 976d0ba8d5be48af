"""A method of a resource, written for the synchronous or for the asynchronous client."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 120


@dataclass(frozen=True)
class Parameter:
    """`default` is `""` where the caller has to say."""

    name: str
    kind: str
    default: str
    meaning: str
    is_keyword: bool = False

    @property
    def text(self) -> str:
        return f"{self.name}: {self.kind}" + (f" = {self.default}" if self.default else "")


@dataclass(frozen=True)
class Method:
    """What is the same in both clients. `flow` makes what is driven; with `place` it gives items; where `is_plain` it
    is the answer itself."""

    name: str
    parameters: Sequence[Parameter]
    answer: str
    summary: str
    description: str
    flow: str
    place: str = ""
    is_plain: bool = False


def write_class(resource: str, prefix: str, methods: Sequence[Method]) -> str:
    """The class of one client; `prefix` is `Async` or empty."""
    about = f"The asynchronous twin of `{resource}`." if prefix else "What can be done; one call a method."
    lines = [f'\n\nclass {prefix}{resource}({prefix}Resource):\n    """{about}"""\n']
    lines += [_write(resource, prefix, method) for method in methods]
    return "".join(lines)


def _write(resource: str, prefix: str, method: Method) -> str:
    positional = [parameter.text for parameter in method.parameters if not parameter.is_keyword]
    keywords = [parameter.text for parameter in method.parameters if parameter.is_keyword]
    signature = ", ".join(["self", *positional, *(["*", *keywords] if keywords else [])])
    begins = "async def" if prefix and not method.place and not method.is_plain else "def"
    answer = f"{prefix}Items[{method.answer}]" if method.place else method.answer
    lines = [f"\n    {begins} {method.name}({signature}) -> {answer}:\n", _docstring(resource, prefix, method)]
    if method.place:
        lines += [
            f"        place = {method.place}\n",
            f"        return {prefix}Items(self._driver, place, {method.flow})\n",
        ]
    elif method.is_plain:
        lines.append(f"        return {method.flow}\n")
    else:
        lines.append(f"        return {'await ' if prefix else ''}self._driver.run({method.flow})\n")
    return "".join(lines)


def _docstring(resource: str, prefix: str, method: Method) -> str:
    summary = f"{method.summary.rstrip('.')}." if method.summary else method.description.split("\n\n")[0]
    if prefix:
        return _wrapped([f"As `{resource}.{method.name}`. {' '.join(summary.split())}"])
    if not method.summary:
        return _wrapped([method.description])
    paragraphs = [summary, *method.description.split("\n\n")]
    told = [parameter for parameter in method.parameters if parameter.meaning]
    if told:
        paragraphs.append("Args:\n" + "\n".join(f"    {one.name}: {one.meaning}" for one in told))
    return _wrapped(paragraphs)


def _wrapped(paragraphs: Sequence[str]) -> str:
    made = []
    for paragraph in "\n\n".join(part for part in paragraphs if part).split("\n\n"):
        lines = []
        for line in paragraph.splitlines() if ":\n" in paragraph else [" ".join(paragraph.split())]:
            margin = line[: len(line) - len(line.lstrip())]
            lines += textwrap.wrap(
                line,
                WIDTH - 14,
                initial_indent="",
                subsequent_indent=f"{margin}    " if margin else "",
                break_long_words=False,
                break_on_hyphens=False,
            )
        made.append("\n".join(lines))
    text = "\n\n".join(made).replace("\\", "\\\\")
    end = "\n" if "\n" in text else ""
    return textwrap.indent(f'"""{text}{end}"""', " " * 8) + "\n"
