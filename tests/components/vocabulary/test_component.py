import pytest
import tensorflow as tf
from tfx import types
from tfx.types import standard_artifacts

from components.artifacts import Vocabulary
from components.vocabulary.component import VocabularyTrainer
from components.vocabulary.executor import Executor, read_model_file, read_texts
from models.config import VocabularyConfig
from models.vocabulary import train_vocabulary
from schemas import features as keys
from schemas.errors import UserError

TASK = {"name": "classification", "labels": ["good", "bad"]}
TEXTS = ["A fine film", "Dull from end to end", "Ünbelievably good"]
CONFIG = VocabularyConfig(size=64)


def write_split(folder, texts, shards=2):
    folder.mkdir(parents=True)
    for shard in range(shards):
        path = folder / f"data_tfrecord-{shard:05d}-of-{shards:05d}.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for text in texts[shard::shards]:
                example = tf.train.Example()
                if text is not None:
                    example.features.feature[keys.TEXT].bytes_list.value.append(text.encode())
                writer.write(example.SerializeToString())


@pytest.fixture
def examples(tmp_path):
    write_split(tmp_path / "examples" / "Split-train", TEXTS)
    write_split(tmp_path / "examples" / "Split-eval", ["quizzical"])
    artifact = standard_artifacts.Examples()
    artifact.uri = str(tmp_path / "examples")
    artifact.split_names = '["train", "eval"]'
    return artifact


@pytest.fixture
def given(tmp_path):
    path = tmp_path / "given.model"
    path.write_bytes(train_vocabulary(["another text"], CONFIG))
    return path


def component(config):
    return VocabularyTrainer(
        examples=types.Channel(type=standard_artifacts.Examples),
        config=config,
        task=TASK,
        code_version="1",
    )


def parameters(config):
    return component(config).spec.exec_properties


@pytest.fixture
def execute(examples, tmp_path):
    """Runs the executor and returns the content of its output."""

    def run(exec_properties):
        output = Vocabulary()
        output.uri = str(tmp_path / "output")
        (tmp_path / "output").mkdir()
        Executor().Do({keys.EXAMPLES: [examples]}, {keys.VOCABULARY: [output]}, exec_properties)
        return (tmp_path / "output" / keys.VOCABULARY_FILE).read_bytes()

    return run


def test_trained_on_the_training_split(execute):
    assert execute(parameters(CONFIG)) == train_vocabulary(TEXTS, CONFIG)


def test_given_model_is_copied(execute, given):
    assert execute(parameters(VocabularyConfig(model=str(given)))) == given.read_bytes()


def test_changed_model_file_changes_the_parameters(given):
    config = VocabularyConfig(model=str(given))
    before = parameters(config)
    given.write_bytes(train_vocabulary(["changed text"], CONFIG))
    assert parameters(config) != before


def test_model_file_that_changes_during_the_run(execute, given):
    exec_properties = parameters(VocabularyConfig(model=str(given)))
    given.write_bytes(train_vocabulary(["changed text"], CONFIG))
    with pytest.raises(UserError, match="must not change while a run goes on"):
        execute(exec_properties)


def test_missing_model_file():
    with pytest.raises(UserError, match=r"received '/nowhere.model', which cannot be read"):
        component(VocabularyConfig(model="/nowhere.model"))


def test_folder_as_model_file(tmp_path):
    with pytest.raises(UserError, match="which cannot be read"):
        component(VocabularyConfig(model=str(tmp_path)))


def test_file_that_is_no_model(tmp_path):
    path = tmp_path / "no.model"
    path.write_text("no model")
    with pytest.raises(UserError, match="must be a SentencePiece model; received"):
        read_model_file(str(path))


def test_texts_of_every_shard_and_feature(tmp_path):
    write_split(tmp_path / "split", ["a", None, "b", "ü"])
    uri = str(tmp_path / "split")
    assert sorted(read_texts([uri], [keys.TEXT, "absent"])) == ["a", "b", "ü"]


@pytest.mark.parametrize("texts", [[], [None]])
def test_no_text(execute, examples, texts, tmp_path):
    write_split(tmp_path / "empty" / "Split-train", texts)
    examples.uri = str(tmp_path / "empty")
    with pytest.raises(UserError, match="must hold text to train a vocabulary on"):
        execute(parameters(CONFIG))
