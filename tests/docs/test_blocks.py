"""Every fenced block of every page is run by a test, compared by one, or named here with why it is not."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.docs.pages import ALL, PROJECT, Block, Page, page

PAGES = [*ALL, page("sdk/README.md"), page("bench/README.md")]


@dataclass(frozen=True)
class RunBy:
    """All blocks of these languages on these pages (a pattern of their names) are run, or compared, by a test."""

    pages: str
    languages: frozenset[str]
    test: str

    def takes(self, shown: Page, block: Block) -> bool:
        return block.language in self.languages and re.fullmatch(self.pages, shown.name) is not None


def run_by(pages: str, languages: str, test: str) -> RunBy:
    return RunBy(pages, frozenset(languages.split()), test)


RUN = [
    run_by(r"README\.md", "bash json", "docs/test_quickstart.py::test_it_runs_and_prints_what_the_readme_shows"),
    run_by(r"CONTRIBUTING\.md", "python", "browser/test_documents.py::test_the_example_of_the_guide_works"),
    run_by(r"docs/api/.*", "http json", "docs/test_api_samples.py::test_each_is_answered_as_shown"),
    run_by(r"docs/api/oauth\.md", "text", "docs/test_api_samples.py::test_each_is_answered_as_shown"),
    run_by(r"docs/api/oauth\.md", "bash", "docs/test_page_commands.py::TestOAuth"),
    run_by(r"docs/api/oauth\.md", "python", "docs/test_oauth_client.py"),
    run_by(r"docs/api/events\.md", "python", "docs/test_stream_client.py::TestSampleClient"),
    run_by(r"docs/api/events\.md", "eventstream", "docs/test_page_commands.py::TestStream"),
    run_by(r"docs/getting-started\.md", "bash json", "docs/test_guides.py::test_the_first_message_takes_five_commands"),
    run_by(
        r"docs/\w\w/getting-started\.md",
        "bash json",
        "docs/test_guides.py::test_a_translation_has_the_same_commands_and_steps",
    ),
    run_by(r"docs/guides/webhooks\.md", "bash json text python", "docs/test_guides.py::TestWebhooksCookbook"),
    run_by(r"docs/guides/live-events\.md", "javascript", "docs/test_guides.py::TestLiveEventsInJavaScript"),
    run_by(r"docs/guides/.*", "bash json", "docs/test_guides.py::test_it_goes_on_where_getting_started_ends"),
    run_by(r"docs/bring-back\.md", "bash", "docs/test_page_commands.py::TestBringBack"),
    run_by(r"docs/cli\.md", "bash", "docs/test_cli_page.py::test_the_examples_do_what_they_say"),
    run_by(r"docs/import\.md", "bash jsonl", "docs/test_page_commands.py::TestImport"),
    run_by(r"docs/import\.md", "toml", "docs/test_import.py::TestMapFile"),
    run_by(r"docs/operate/backups\.md", "bash", "docs/test_operate.py::TestBackups"),
    run_by(r"docs/operate/drills\.md", "bash", "docs/test_drills.py::test_all_of_the_pages_commands_are_in_the_drills"),
    run_by(r"docs/operate/install\.md", "bash", "docs/test_page_commands.py::TestInstall"),
    run_by(r"docs/operate/moving\.md", "bash", "docs/test_page_commands.py::TestMoving"),
    run_by(r"docs/operate/settings\.md", "toml", "docs/test_operate.py::test_the_sample_file_is_read"),
    run_by(r"docs/samples\.md", "bash", "docs/test_page_commands.py::TestSamples"),
    run_by(r"docs/sdk\.md|docs/sdk-reference\.md|sdk/README\.md", "python", "sdk/test_guide.py::test_every_block"),
    run_by(r"docs/sdk\.md", "sql", "sdk/test_guide.py::test_the_statement_notes_an_event_once"),
    run_by(r"docs/webhooks\.md", "python", "docs/test_page_commands.py::TestReceivingWebhooks"),
    run_by(r"docs/webhooks\.md", "mermaid", "browser/test_documents.py::test_a_diagram_is_drawn_from_here"),
]

BY_PIN = (
    "chaupal login --url https://chat.example.org --application-id 3f2b6a58-4d0e-4c9b-9a51-7c1e08d2f6b4 "
    "--number +919876543210"
)
ELSEWHERE = {
    "docs/api/media.md: curl": "tests/docs/test_guides.py types it from the guide of media",
    "docs/import.md: <timestamp>": "the form of a file name; tests/unit/importing reads such names",
    f"docs/cli.md: {BY_PIN}": "asks for a PIN; tests/cli/test_sign_in.py types one",
    "docs/cli.md: chaupal tail": "does not end; tests/cli/test_tail.py follows with it",
    "docs/cli.md: source": "changes the shell that it is typed into; tests/cli/test_completion.py completes words",
    "docs/guides/live-events.md: curl": "does not end; tests/api reads streams",
    "docs/guides/webhooks.md: .venv/bin/python": "does not end; the test of the page starts the receiver",
    "docs/guides/webhooks.md: CHAUPAL": "does not end; the test of the page starts the server",
    "docs/operate/cells.md: chaupal cell": "needs two servers; tests/cells types it",
    "docs/operate/cells.md: chaupal tenant move": "needs two servers; tests/cells/test_moving.py types it",
    "docs/operate/containers.md: podman": "needs Podman; tests/docs/test_containers.py takes the steps of the file",
    "docs/operate/containers.md: cp": "needs Docker; tests/docs/test_containers.py reads the compose file",
    "docs/operate/health-and-logs.md: {": "a line of the log, to be looked at",
    "docs/operate/install.md: git clone": "needs the network; make runtime has a test in test_containers.py",
    "docs/operate/install.md: useradd": "needs to be root under systemd; tests/docs/test_deploy.py reads the unit",
    "docs/operate/install.md: CHAUPAL_MEDIA": "settings of a bucket; tests/store has one",
    "docs/operate/backups.md: chaupal migrate-db": "needs PostgreSQL; tests/cli/test_backups.py does it",
    "docs/postman.md: CHAUPAL": "does not end; tests/postman starts such a server",
    "docs/postman.md: newman": "tests/postman runs newman on the collection",
    "docs/samples.md: CHAUPAL": "does not end; tests/samples starts such a server",
    "docs/samples.md: samples/curl": "tests/samples types it",
    "docs/samples.md: mcs": "tests/samples types it where Mono is",
    "docs/sdk.md: pip": "needs a package index",
    "sdk/README.md: pip": "needs a package index",
    "docs/webhooks.md: chaupal webhook listen": "does not end; tests/cli/test_webhook_listen.py listens",
    "docs/webhooks.md: CHAUPAL": "does not end; tests/cli/test_webhook_listen.py starts such a server",
}
"""How a block begins that nobody runs as it stands, and why."""

SHOWN_ONLY = "signature"
"""Signatures of the client's reference; tools/write_sdk.py writes them."""

BLOCKS = [(shown, block) for shown in PAGES for block in shown.blocks]
FRAMEWORKS = frozenset({"fastapi", "flask", "django"})
"""What tests/sdk/test_receiving.py serves."""


def named(shown: Page, block: Block) -> list[str]:
    return [begins for begins in ELSEWHERE if f"{shown.name}: {block.text}".startswith(begins)]


def is_accounted_for(shown: Page, block: Block) -> bool:
    """Whether the block is run, or named; one that says that it runs elsewhere has to be named."""
    if "framework" in block.options:
        return block.options["framework"] in FRAMEWORKS
    if "shows" in block.options:
        return shown.name == "docs/sdk-reference.md" and block.options["shows"] == SHOWN_ONLY
    if "run" in block.options:
        return bool(named(shown, block))
    return bool(named(shown, block)) or any(run.takes(shown, block) for run in RUN)


class TestEveryBlock:
    def test_it_is_run_or_named_with_a_reason(self) -> None:
        missed = [f"{shown.name}, line {block.line}" for shown, block in BLOCKS if not is_accounted_for(shown, block)]
        assert missed == [], "write a test that runs it and name that in RUN; else say in ELSEWHERE why nobody can"

    def test_what_is_named_is_there(self) -> None:
        used = {begins for shown, block in BLOCKS for begins in named(shown, block)}
        assert set(ELSEWHERE) - used == set()
        assert [run for run in RUN if not any(run.takes(shown, block) for shown, block in BLOCKS)] == []

    def test_the_pages_that_git_hosts_show_are_all_looked_at(self) -> None:
        ours = ("docs", "sdk", "samples", "bench", "deploy", "tests", "tools", "src")
        others = {"node_modules", ".cache"}  # what npm and the benchmark have fetched
        found = [path for folder in ours for path in (PROJECT / folder).rglob("*.md") if not others & {*path.parts}]
        found += PROJECT.glob("*.md")
        results = PROJECT / "bench" / "results"
        assert {path for path in found if not path.is_relative_to(results)} == {shown.path for shown in PAGES}

    @pytest.mark.parametrize("run", RUN, ids=lambda run: f"{run.pages} {' '.join(sorted(run.languages))}")
    def test_the_test_that_runs_it_is_there(self, run: RunBy) -> None:
        file, _, name = run.test.partition("::")
        source = (PROJECT / "tests" / file).read_text()
        assert not name or f"def {name}" in source or f"class {name}" in source

    def test_code_stands_in_fences(self) -> None:
        """What is only indented is seen by no test: elsewhere it is a drawing, or lists what takes minutes."""
        indented = re.compile(r"(?:\A|\n)\n {4}(?!\s*[-*\d])\S")
        found = {shown.name for shown in PAGES if indented.search(shown.prose)}
        assert found <= {"CONTRIBUTING.md", "ARCHITECTURE.md", "bench/README.md"}
