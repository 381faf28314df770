import io
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
import tensorflow as tf
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tensorflow.core.protobuf import saved_model_pb2

from models.tokenizer import SPECIAL_PIECES, AlbertTokenizer
from schemas.errors import UserError
from serving.served_graph import functions_of
from tests.models import reference
from tests.models.conftest import SENTENCES
from tests.models.test_normalization import known
from tests.models.tokens.corpora import CORPORA

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NUMBERS = ["5,", "1,000,000", "10,20,30,", "x5, y7,", "5 , 7", "٣,٤, ²,", ",5,,5,", "5,5"]


def train(sentences=SENTENCES, **options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=model,
        **({"vocab_size": 90, "bos_id": -1, "eos_id": -1} | options),
        hard_vocab_limit=False,
        minloglevel=2,
        num_threads=1,
    )
    return model.getvalue()


def encode(tokenizer, texts):
    return tokenizer(tf.constant(texts)).to_list()


def expected(processor, texts):
    return [reference.encode(processor, text) for text in texts]


def spelled(processor, ids):
    return "".join(processor.id_to_piece(ids))


def test_special_ids_are_those_of_the_published_vocabularies(tokenizer):
    assert (tokenizer.pad_id, tokenizer.unk_id) == (0, 1)
    assert (tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id) == (2, 3, 4)


def test_frequencies_are_near_those_of_the_text_that_the_vocabulary_was_trained_on(tokenizer):
    pieces = tokenizer(tf.constant(SENTENCES)).flat_values.numpy()
    found = np.bincount(pieces, minlength=tokenizer.vocabulary_size) / len(pieces)
    known = np.exp(tokenizer.log_frequencies)
    assert known.dtype == np.float32
    assert np.corrcoef(found, known)[0, 1] > 0.8
    assert known[[tokenizer.cls_id, tokenizer.pad_id]] == pytest.approx(known.min())


def test_ids_are_int32(tokenizer):
    assert tokenizer(tf.constant(["a"])).dtype == tf.int32


def test_vocabulary_size(tokenizer, processor):
    assert tokenizer.vocabulary_size == processor.get_piece_size()


@pytest.mark.parametrize("text", [*SENTENCES, *NUMBERS, "", " ", "日本語 한국어 🎬", "▁▁ a ▁b"])
def test_ids_are_those_of_the_original(tokenizer, processor, text):
    assert encode(tokenizer, [text]) == expected(processor, [text])


def test_vocabulary_has_the_pieces_that_the_comma_rule_is_for(processor):
    """Without them the tests above would not see the rule."""
    plain = [processor.encode(reference.normalize(text)) for text in NUMBERS]
    assert plain != expected(processor, NUMBERS)


def test_empty_batch(tokenizer):
    assert encode(tokenizer, tf.zeros([0], tf.string)) == []


@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.text(st.characters().filter(known) | st.sampled_from("05, ,7.'`"))))
@example(texts=["1000"])
def test_ids_of_any_text_are_those_of_the_original(tokenizer, processor, texts):
    """Releases of SentencePiece choose differently between splits of equal score ("0", "00")."""
    rows = encode(tokenizer, tf.constant(texts, tf.string))
    originals = expected(processor, texts)
    assert [sorted(ids) for ids in rows] == [sorted(ids) for ids in originals]
    assert [spelled(processor, ids) for ids in rows] == [
        spelled(processor, ids) for ids in originals
    ]


@pytest.mark.slow
@pytest.mark.parametrize("read", CORPORA.values(), ids=CORPORA)
def test_ids_of_real_text_are_those_of_the_original(read):
    """Releases of SentencePiece choose differently between splits of equal score ("l", "ll")."""
    if not DATA.is_dir():
        pytest.skip(f"needs the real texts in {DATA}, which are not part of the project")
    texts = read(DATA)
    model = train(
        [reference.normalize(text) for text in texts],
        vocab_size=2000,
        pad_id=0,
        unk_id=1,
        control_symbols=["[CLS]", "[SEP]", "[MASK]"],
        max_sentence_length=65_536,
    )
    pairs = list(
        zip(
            encode(AlbertTokenizer(model), texts),
            expected(reference.load(model), texts),
            strict=True,
        )
    )
    assert [sorted(ids) for ids, _ in pairs] == [sorted(ids) for _, ids in pairs]
    assert sum(ids != others for ids, others in pairs) <= len(pairs) // 100


@pytest.mark.parametrize("piece", SPECIAL_PIECES)
@pytest.mark.parametrize("declared", ["control_symbols", "user_defined_symbols"])
def test_no_text_becomes_a_special_id(declared, piece):
    """User-defined symbols are found in text; `<pad>` is lower case already."""
    symbols = ["[CLS]", "[SEP]", "[MASK]", "<pad>"]
    tokenizer = AlbertTokenizer(train(pad_id=-1, unk_id=0, **{declared: symbols}))
    special = {tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id, tokenizer.pad_id}
    (ids,) = encode(tokenizer, [f"a {piece} film{piece}, {piece.lower()}"])
    assert not special & set(ids)


def test_spelled_out_special_piece_is_unknown():
    symbols = ["[CLS]", "[SEP]", "[MASK]", "<pad>"]
    tokenizer = AlbertTokenizer(train(pad_id=-1, unk_id=0, user_defined_symbols=symbols))
    (with_piece,) = encode(tokenizer, ["a <pad>"])
    assert tokenizer.unk_id in with_piece


@pytest.mark.parametrize(
    "content", [b"", b"no model", b"\x00" * 100, b'{"a": 1}', bytes(range(256))]
)
def test_other_files_are_refused(content):
    with pytest.raises(UserError, match=r"must be a SentencePiece model; received .*give the"):
        AlbertTokenizer(content)


def test_cut_file_is_refused(vocabulary):
    with pytest.raises(UserError, match=r"SentencePiece model; received|special pieces"):
        AlbertTokenizer(vocabulary[: len(vocabulary) // 2])


def test_vocabulary_without_special_pieces_is_refused():
    with pytest.raises(UserError, match=r"without \[CLS\], \[MASK\], <pad>; give"):
        AlbertTokenizer(train(control_symbols=["[SEP]"]))


class Served(tf.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.tokenizer = AlbertTokenizer(vocabulary)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serve(self, text):
        return {"ids": self.tokenizer(text).to_tensor()}


@pytest.fixture(scope="module")
def saved_model(vocabulary, tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("served"))
    module = Served(vocabulary)
    tf.saved_model.save(module, directory, signatures={"serving_default": module.serve})
    return directory


def test_saved_model_in_a_session(saved_model, processor):
    """TensorFlow Serving runs a v1 Session, in which the tokenizer must be initialised too."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta_graph = tf.compat.v1.saved_model.load(session, ["serve"], saved_model)
        signature = meta_graph.signature_def["serving_default"]
        ids = session.run(
            signature.outputs["ids"].name, {signature.inputs["text"].name: [NUMBERS[1]]}
        )
    assert ids.tolist() == expected(processor, NUMBERS[1:2])


def test_saved_model_has_no_op_that_tensorflow_serving_lacks(saved_model):
    """TensorFlow Serving links TensorFlow Text 2.12.1 up to 2.19."""
    content = Path(saved_model, "saved_model.pb").read_bytes()
    definition = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    nodes = [
        *definition.node,
        *(node for function in functions_of(definition) for node in function.node_def),
    ]
    text_ops = {node.op for node in nodes if node.op.startswith(("TFText>", "Sentencepiece"))}
    text_ops |= {node.op for node in nodes if "Normalize" in node.op}
    assert text_ops == {"SentencepieceOp", "SentencepieceTokenizeOp", "NormalizeUTF8"}
