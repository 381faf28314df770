import json
import subprocess
from pathlib import Path

import pytest

from pipeline.init.other_tasks import refuse_other_columns, refuse_other_shapes
from schemas.errors import UserError

_SQUAD = {"data": [{"paragraphs": [{"context": "c", "qas": []}]}]}
_RACE = {"article": "a", "questions": ["q"], "options": [["a", "b"]], "answers": ["A"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("EU\tB-ORG\nrejects\tO\n\nPeter\tB-PER\n", "looks like token tags in CoNLL"),
        ("-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\n", "looks like token tags in CoNLL"),
        (json.dumps(_SQUAD), r"question answering in SQuAD's JSON; .*copy configs/squad2\.yaml"),
        (json.dumps(_SQUAD, indent=2), "looks like question answering in SQuAD's JSON"),
        (json.dumps(_RACE), r"multiple choice in RACE's JSON; .*copy configs/race\.yaml"),
        ('[{"text": "a"}]', r"one JSON array; .*jq -c '\.\[\]' FILE"),
        ('[\n  {"text": "a"}\n]', "one JSON array"),
        ('{"text": "a",\n "label": 1}\n', "JSON objects over several lines"),
        ('{\n "text": "a"\n}\n', r"JSON objects over several lines; .*jq -c \. FILE"),
    ],
)
def test_files_of_another_shape_are_named(text, message):
    with pytest.raises(UserError, match=message):
        refuse_other_shapes(Path("rows"), text)


@pytest.mark.parametrize(
    "text",
    [
        "what a good film\t1\nso bad\t0\n",
        "first letter\tO\nother letter\tO\nlast letter\tI\n",  # labels that look like tags
        '{"text": "good", "label": "1"}\n{"text": "bad", "label": "0"}\n',
        "[urgent] my order\t1\n[again] my order\t0\n",
        "{name} is late\t1\n{name} is here\t0\n",
        "",
    ],
)
def test_classification_passes(text):
    refuse_other_shapes(Path("rows"), text)


def test_the_command_named_for_fasttext_makes_tsv(tmp_path):
    (tmp_path / "FILE").write_text("__label__good what a film\n__label__bad so  dull\n")
    with pytest.raises(UserError, match="is in fastText's format") as caught:
        refuse_other_shapes(tmp_path / "FILE", (tmp_path / "FILE").read_text())
    command = str(caught.value).split("convert it to TSV: ")[1]
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    assert (tmp_path / "FILE.tsv").read_text() == "good\twhat a film\nbad\tso dull\n"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("id", "premise", "hypothesis", "label"), "two texts a row .premise and hypothesis"),
        (("Sentence1", "Sentence2", "score"), "two texts a row"),
        (("tokens", "ner_tags"), "token tags"),
        (("article", "question", "options", "answer"), r"choice; .*copy configs/race\.yaml"),
    ],
)
def test_names_of_another_task_are_refused(names, message):
    with pytest.raises(UserError, match=message):
        refuse_other_columns(Path("rows"), names)


def test_names_of_classification_pass():
    refuse_other_columns(Path("rows"), ("question", "label", "tokens"))
