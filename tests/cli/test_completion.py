"""`chaupal completion`, in a real bash."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.using import User

ASK = """
source <(chaupal completion bash)
COMP_WORDS=({words}) COMP_CWORD={place}
_chaupal_completion chaupal
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def completed(user: User, words: str, place: int) -> set[str]:
    """What bash offers for the word at the place."""
    bash = shutil.which("bash")
    assert bash is not None
    path = f"{Path(sys.executable).parent}:{user.environment['PATH']}"
    done = subprocess.run(
        [bash, "-euc", ASK.format(words=words, place=place)],
        env=user.environment | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


class TestCompletion:
    def test_bash_offers_commands_options_and_profiles(self, user: User) -> None:
        assert completed(user, "chaupal mem", 1) == {"members"}
        assert completed(user, "chaupal members ''", 2) == {"add", "list"}
        assert completed(user, "chaupal post --re", 2) == {"--reply-to"}
        assert completed(user, "chaupal whoami --profile def", 3) == {"default"}

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_each_shell_has_its_script(self, user: User, shell: str) -> None:
        assert "_CHAUPAL_COMPLETE" in user.json("completion", shell)["script"]

    def test_a_shell_that_is_not_known_is_asked_for(self, user: User) -> None:
        done = user.run("completion")
        assert done.code == 2
        assert "name your shell: bash, zsh, fish" in done.err
