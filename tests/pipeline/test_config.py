import pytest

from pipeline.config import RunConfig


def config(**sections):
    task = {"name": "classification", "labels": ["good", "bad"]}
    return RunConfig.model_validate(
        {"name": "test", "task": task, "ingest": {"train": "train.tsv"}} | sections
    )


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({}, None),
        ({"vocabulary": {"model": "own.model"}}, "own.model"),
        ({"model": {"weights": "preset"}}, "preset/assets/tokenizer/vocabulary.spm"),
        ({"model": {"weights": "preset"}, "vocabulary": {"model": "own.model"}}, "own.model"),
    ],
)
def test_weights_bring_their_vocabulary(sections, expected):
    assert config(**sections).vocabulary_source.model == expected
