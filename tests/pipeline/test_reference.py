"""docs/config.md says what the config models say."""

from pathlib import Path

from pipeline.config import RunConfig
from pipeline.reference import reference

_DOCS = Path(__file__).parents[2] / "docs" / "config.md"


def test_the_committed_reference_is_current() -> None:
    assert _DOCS.read_text("utf-8") == reference(), "run `make docs`"


def test_every_section_and_key_is_in_it() -> None:
    text = reference()
    for name, field in RunConfig.model_fields.items():
        assert f"`{name}`" in text
        for key in getattr(field.annotation, "model_fields", {}):
            assert f"| `{key}` |" in text


def test_every_key_says_what_it_means() -> None:
    rows = [line for line in reference().splitlines() if line.startswith("| `")]
    assert rows
    assert [row for row in rows if row.endswith("|  |")] == []
