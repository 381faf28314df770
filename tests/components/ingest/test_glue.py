"""The published layouts of GLUE, read by the shipped configs as they are."""

from pathlib import Path

import pytest
import yaml

from components.ingest.config import IngestConfig
from components.ingest.sources import resolve_sources
from models.tasks import create_task
from schemas.errors import UserError

CONFIGS = Path(__file__).parents[3] / "configs"
SECOND = 'She said "no and left.'  # a quote that is none
MNLI = (
    "index promptID pairID genre sentence1_binary_parse sentence2_binary_parse sentence1_parse "
    "sentence2_parse sentence1 sentence2 label1"
)
MNLI_TRAIN = f"{MNLI} gold_label"
MNLI_DEV = f"{MNLI} label2 label3 label4 label5 gold_label"
QQP = "id qid1 qid2 question1 question2 is_duplicate"
MRPC = "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n"
STSB = "index genre filename year old_index source1 source2 sentence1 sentence2 score"


def table(*rows, header="", end="\n"):
    """Returns a TSV; of a header, the names stand with one space between them."""
    lines = ["\t".join(map(str, row)) for row in rows]
    return end.join([header.replace(" ", "\t"), *lines] if header else lines) + end


def mnli(label, *, genre, header, number=1):
    row = dict.fromkeys(header.split(" "), "( a b )") | {"index": number, "genre": genre}
    row |= {"sentence1": f"A {number}", "sentence2": SECOND, "gold_label": label}
    return tuple(row.values())


@pytest.fixture
def ingest_config(ingest, write, tmp_path):
    """Ingests files by name with the task and the ingest section of a shipped config."""

    def run(name, **files):
        config = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text("utf-8"))
        for file, content in files.items():
            write(f"{file}.tsv", content)
        section = {"max_rejected_ratio": 0.5, **config["ingest"]}
        for split in ("train", "eval"):
            section[split] = str(tmp_path / Path(section[split]).name)
        return ingest(task=config["task"], **section)

    return run


def test_mnli_has_two_dev_files_of_other_columns_than_train(ingest_config):
    done = ingest_config(
        "mnli",
        train=table(
            *(
                mnli(label, genre="fiction", header=MNLI_TRAIN, number=number)
                for number, label in enumerate(["neutral", "entailment", "contradiction"])
            ),
            header=MNLI_TRAIN,
        ),
        dev_matched=table(
            mnli("entailment", genre="fiction", header=MNLI_DEV),
            mnli("-", genre="fiction", header=MNLI_DEV),
            header=MNLI_DEV,
        ),
        dev_mismatched=table(mnli("neutral", genre="letters", header=MNLI_DEV), header=MNLI_DEV),
    )
    rows = done.examples["eval"]
    assert [row["file"] for row in rows] == [b"dev_matched.tsv", b"dev_mismatched.tsv"]
    assert [row["genre"] for row in rows] == [b"fiction", b"letters"]
    assert rows[0]["text_pair"] == SECOND.encode()
    assert [row["reason"] for row in done.rejected] == ["unknown_label"]
    assert done.rejected[0]["message"].endswith("received '-'")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_mrpc_begins_with_a_byte_order_mark(ingest_config, end):
    rows = [(1, 70, 71, "One.", SECOND), (0, 72, 73, "Two.", '"Quoted" words')]
    content = MRPC.replace("\n", end) + table(*rows, end=end)
    done = ingest_config("mrpc", train=content, dev=content)
    assert [row["label"] for row in done.examples["train"]] == [b"1", b"0"]
    assert [row["text_pair"] for row in done.examples["train"]] == [
        SECOND.encode(),
        b'"Quoted" words',
    ]


def test_mrpc_of_its_authors_is_a_txt_file(write):
    config = yaml.safe_load((CONFIGS / "mrpc.yaml").read_text("utf-8"))
    path = write("msr_paraphrase_train.txt", MRPC + table((1, 70, 71, "One.", SECOND)))
    section = {"columns": config["ingest"]["columns"], "train": path}
    task = create_task(config["task"])
    with pytest.raises(UserError, match=r"set ingest\.format to one of"):
        resolve_sources(IngestConfig(**section), task)
    (file,) = resolve_sources(IngestConfig(format="tsv", **section), task).files
    assert file.columns == {"text": 3, "text_pair": 4, "label": 0}


def test_bad_rows_of_qqp_are_quarantined(ingest_config):
    rows = [
        (1, 1, 2, "Is it?", "It is?", 1),
        (2, 3, 4, "Who?", "What?", 0),
        (3, 5, 6, "A question without another"),
        (4, 7, 8, "", "Why?", 0),
    ]
    content = table(*rows, header=QQP)
    done = ingest_config("qqp", train=content, dev=table(*rows[:2], header=QQP))
    assert done.texts("train") == ["Is it?", "Who?"]
    assert [(row["line"], row["reason"]) for row in done.rejected] == [
        (4, "column_count"),
        (5, "empty_text"),
    ]


def test_cola_has_no_header(ingest_config):
    content = table(
        ("gj04", 1, "", "Our friends won't buy it."), ("gj04", 0, "*", 'They "drank the pub.')
    )
    done = ingest_config("cola", train=content, dev=content)
    rows = done.examples["train"]
    assert [(row["text"], row["label_id"], row["source"]) for row in rows] == [
        (b"Our friends won't buy it.", 1, b"gj04"),
        (b'They "drank the pub.', 0, b"gj04"),
    ]


def test_sts_b_has_scores(ingest_config):
    rows = [
        (0, "main-captions", "MSRvid", "2012test", "0001", "none", "none", "A.", SECOND, "5.000"),
        (1, "main-news", "headlines", "2015", "0002", "none", "none", "B.", "C.", "3.8"),
        (2, "main-news", "headlines", "2015", "0003", "none", "none", "B.", "C.", "5.2"),
    ]
    content = table(*rows, header=STSB)
    done = ingest_config("stsb", train=content, dev=content)
    assert [row["score"] for row in done.examples["train"]] == pytest.approx([5.0, 3.8])
    assert {row["reason"] for row in done.rejected} == {"score_range"}


@pytest.mark.parametrize(
    ("name", "columns", "header", "row"),
    [
        ("rte", None, "index sentence1 sentence2 label", (0, "A.", SECOND, "not_entailment")),
        (
            "rte",
            {"text": "question", "text_pair": "sentence", "label": "label"},
            "index question sentence label",
            (0, "Who?", SECOND, "entailment"),
        ),
    ],
    ids=["RTE", "QNLI"],
)
def test_entailment_in_four_columns(write, name, columns, header, row):
    config = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text("utf-8"))
    path = write("train.tsv", table(row, header=header))
    section = {"columns": columns or config["ingest"]["columns"], "train": path}
    task = create_task(config["task"])
    (file,) = resolve_sources(IngestConfig(**section), task).files
    assert file.columns == {"text": 1, "text_pair": 2, "label": 3}


def test_sst2_of_glue_has_a_header(write):
    path = write("train.tsv", table(("hide new secretions ", 0), header="sentence label"))
    task = create_task({"name": "classification", "labels": ["0", "1"]})
    config = IngestConfig(train=path, columns={"text": "sentence"})
    (file,) = resolve_sources(config, task).files
    assert file.columns == {"text": 0, "label": 1}


def test_file_column_takes_no_name_that_is_taken(ingest, write):
    path = write("a.tsv", table(("a", "0"), ("b", "1"), header="text label"))
    with pytest.raises(Exception, match=r"file_column must be no feature .*received 'text'"):
        ingest(train=path, eval=path, file_column="text")
