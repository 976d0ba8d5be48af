"""The README's own commands, pasted one after another into a shell beside a running server, do what it says they do."""

from __future__ import annotations

from pathlib import Path

from tests.docs.pages import README
from tests.docs.samples import Bindings
from tests.docs.shell_pages import assert_lets_in, compare_step, run_steps, steps_of
from tests.installations import Installation, installation, warm_commands

__all__ = ["installation", "warm_commands"]


class TestQuickstart:
    def test_it_runs_and_prints_what_the_readme_shows(self, installation: Installation, tmp_path: Path) -> None:
        start, *steps = steps_of(README, "Quickstart")
        assert [start, *steps, *steps_of(README, "Bring an old integration")] == steps_of(README), "all are run"
        assert start.commands.text == "make serve\n"
        assert any("{name:" in step.commands.text for step in steps), "old samples have unquoted keys"
        assert sum(step.shown is not None for step in steps) >= 3
        installation.start()
        bindings = Bindings()
        for step, printed in zip(steps, run_steps(steps, installation, tmp_path), strict=True):
            compare_step(step, printed, bindings)

    def test_an_old_integration_keeps_its_secrets(self, installation: Installation, tmp_path: Path) -> None:
        installation.start()
        installation.init()
        steps = steps_of(README, "Bring an old integration")
        run_steps(steps, installation, tmp_path)
        assert_lets_in(steps, installation)
