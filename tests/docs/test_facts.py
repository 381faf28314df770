"""Lists in the documentation that the code knows better: they are held against it."""

import re
from dataclasses import fields
from pathlib import Path

import typer

from pipeline.cli import app
from pipeline.commands.run import EXIT_REFUSED
from pipeline.commands.score import EXIT_TOO_FEW
from pipeline.loading import check_config
from schemas.errors import AlbertTfxError, UserError
from serving.client.answers import ANSWER_TYPES
from tests.docs.markdown import ROOT, first_column, section
from tests.docs.test_commands import MINIMAL

README = ROOT / "README.md"
STEPS = ROOT / "docs" / "steps.md"
CLIENT = ROOT / "docs" / "client.md"
DATA_QUALITY = ROOT / "docs" / "data-quality.md"


def test_the_table_of_commands_names_all_of_them() -> None:
    rows = first_column(section(README, "## Commands"))
    commands = {row.removeprefix("albert-tfx ").split()[0] for row in rows if "albert-tfx" in row}
    assert commands == set(typer.main.get_command(app).commands)
    targets = {row.removeprefix("make ") for row in rows if row.startswith("make ")}
    listed = re.findall(r"^([a-z0-9]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert targets == set(listed)


def test_the_table_of_exit_codes_is_right() -> None:
    codes = [row for row in first_column(section(README, "### Exit codes")) if row.isdigit()]
    expected = [0, AlbertTfxError.exit_code, UserError.exit_code, EXIT_REFUSED, EXIT_TOO_FEW]
    assert codes == [str(code) for code in expected]


def test_the_client_s_page_has_every_type_of_answer() -> None:
    page = CLIENT.read_text("utf-8")
    for answer in ANSWER_TYPES:
        assert f"`{answer.__name__}({', '.join(f.name for f in fields(answer))})`" in page


def test_every_step_has_its_section_and_is_in_the_printed_run(tmp_path: Path) -> None:
    from components.ingest.sources import Sources
    from pipeline.build import build_pipeline

    sources = Sources(files=(), fingerprints={"train": "0"})
    pipeline = build_pipeline(
        check_config(MINIMAL | {"output": str(tmp_path)}, source="a test"),
        sources=sources,
        schema_file=tmp_path / "schema.pbtxt",
        run_id="a-run",
    )
    steps = [component.id for component in pipeline.components]
    headings = re.findall(r"^### (.+)$", STEPS.read_text("utf-8"), flags=re.MULTILINE)
    documented = [step for heading in headings for step in heading.split(" and ")]
    assert sorted(documented) == sorted(steps)
    printed = re.findall(r"^✓ +\d+/\d+ +(\S+)", README.read_text("utf-8"), flags=re.MULTILINE)
    assert sorted(printed) == sorted(steps)


def test_every_check_before_publication_is_listed() -> None:
    from components.serving_check.checks import CHECKS
    from components.serving_check.executor import _LOADS
    from components.serving_check.latency import NAME

    assert first_column(section(STEPS, "### ServingCheck"))[1:] == [_LOADS, *CHECKS, NAME]


def test_every_reason_of_a_rejection_is_listed() -> None:
    sources = [
        *(ROOT / "components" / "ingest").rglob("*.py"),
        *(ROOT / "models").rglob("*.py"),
    ]
    in_code = {
        reason
        for path in sources
        for reason in re.findall(
            r'(?:reject\(\s*[\w.]+,|RowError\()\s*"(\w+)"', path.read_text("utf-8")
        )
    }
    assert set(first_column(section(DATA_QUALITY, "## The quarantine"))[1:]) == in_code
