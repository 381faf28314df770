import unicodedata

import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.tokenizer import AlbertTokenizer
from serving.served_graph import graph_problems
from tests.models import reference
from tests.models.conftest import SENTENCES
from tests.models.test_normalization import known
from tests.models.test_tokenizer import DATA, NUMBERS
from tests.models.tokens.corpora import read_wnut17

# What SentencePiece removes or takes for a space, among the characters of the tests.
BLANK = " ▁\u200b\ufeff\x07\x7f"
CASES = [
    *SENTENCES,
    *NUMBERS,
    "",
    " \t\u3000\n",
    "  a \t\n b\u3000c\xa0d\x85 ",
    "Ünïcödé naïve É",
    "E\u0301te\u0301 a\u0323\u0301b \u0301x",
    "\u0301a",
    "ﬁlm ﬂﬀ oﬃce ① ½ ﷺ",
    "Ｆｕｌｌ　ｗｉｄｔｈ，１０，",
    "``a'' '''b''' ```c` ' ' '\u0301'",
    "🎬 film 👩\u200d👧 👍🏽 a",
    "שָׁלוֹם עולם مرحبا",
    "日本語 한국어 텍스트",
    "ΟΔΟΣ ΟΔΟΣ. Σ İSTANBUL I",
    "a\u200bb\x07c \ufeff d",
    "5\x07, 1\x070, 10\u200b,",
    "▁▁ a ▁b a´b",
]


def pieces_of(tokenizer, texts):
    """Returns a list of (id, start, end) for each text."""
    tokens = [part.to_list() for part in tokenizer.with_offsets(tf.constant(texts, tf.string))]
    return [list(zip(*row, strict=True)) for row in zip(*tokens, strict=True)]


def sources(text):
    """Normalises one character at a time, with the code points that each result came from."""
    result = []
    index = 0
    while index < len(text):
        size = 2 if text[index : index + 2] in ("``", "''") else 1
        taken = '"' if size == 2 else text[index]
        if taken.isspace():
            taken = " "
            while text[index + size : index + size + 1].isspace():
                size += 1
        kept = [c for c in unicodedata.normalize("NFKD", taken) if not unicodedata.combining(c)]
        if not kept and result and result[-1][0] != " ":
            shared = result[-1][1]
            result = [(c, s, index + size if s == shared else e) for c, s, e in result]
        is_edge = taken == " " and (not result or not text[index:].strip())
        result += [] if is_edge else [(c.lower(), index, index + size) for c in kept]
        index += size
    return result


def expected_spans(processor, text):
    """Finds the pieces of the reference one after another among the characters they came from."""
    visible = [source for source in sources(text) if source[0] not in BLANK]
    spans, used = [], 0
    for piece in reference.tokenize(processor, text):
        size = len(unicodedata.normalize("NFKD", piece.replace("▁", "")))
        start = visible[used][1] if used < len(visible) else len(text)
        end = visible[used + size - 1][2] if used + size else 0
        spans.append((start, max(start, end)))
        used += size
    assert used == len(visible), "the pieces must hold every visible character"
    return spans


@pytest.mark.parametrize("text", CASES)
def test_offsets_are_those_of_the_reference(tokenizer, processor, text):
    joined = "".join(character for character, _, _ in sources(text)).replace("σ", "ς")
    assert joined == reference.normalize(text).replace("σ", "ς")
    (pieces,) = pieces_of(tokenizer, [text])
    assert [piece_id for piece_id, _, _ in pieces] == reference.encode(processor, text)
    assert [(start, end) for _, start, end in pieces] == expected_spans(processor, text)


def test_offsets_in_a_batch_are_those_of_each_text(tokenizer):
    assert pieces_of(tokenizer, CASES) == [pieces_of(tokenizer, [text])[0] for text in CASES]


@pytest.mark.parametrize(
    ("text", "slices"),
    [
        ("  The\tFILM", ["The", "FILM"]),
        ("Cre\u0301me", ["Cre\u0301me"]),
        ("``Ofﬁce''", ["``", "Ofﬁce", "''"]),
        ("\u200bfilm\x07", ["film"]),
        ("film ¿ ｆｉｌｍ", ["film", "¿", "ｆｉｌｍ"]),
    ],
)
def test_words_are_found_in_the_original(tokenizer, text, slices):
    """Pieces that touch are of one word, but quotes are words of their own."""
    words = []
    (pieces,) = pieces_of(tokenizer, [text])
    previous = None
    for _, start, end in pieces:
        is_quote = "``" in text[start:end] or "''" in text[start:end]
        if start == end:
            continue
        if words and previous is not None and start <= previous and not is_quote:
            words[-1] = text[text.index(words[-1]) : end]
        else:
            words.append(text[start:end])
        previous = None if is_quote else end
    assert words == slices


@pytest.mark.parametrize(("text", "character"), [("ﷺ", (0, 1)), ("a ½ b", (2, 3))])
def test_parts_of_a_character_cover_the_whole_of_it(tokenizer, text, character):
    (pieces,) = pieces_of(tokenizer, [text])
    assert [span for _, *span in pieces].count(list(character)) >= 2


def test_parts_of_a_piece_with_a_digit_and_a_comma(tokenizer, processor):
    spans = {text: pieces_of(tokenizer, [text])[0] for text in ("120,", "x 1\u0661,")}
    for text, pieces in spans.items():
        *_, (comma, start, end) = pieces
        assert processor.id_to_piece(comma) == ","
        assert (start, end) == (len(text) - 1, len(text))


def test_bytes_that_are_no_text_count_as_one_each(tokenizer):
    (pieces,) = pieces_of(tokenizer, [b"\xff\0 film"])
    assert pieces[-1][2] == 7


def test_types_and_empty_batch(tokenizer):
    tokens = tokenizer.with_offsets(tf.zeros([0], tf.string))
    assert [part.dtype for part in tokens] == [tf.int32] * 3
    assert [part.to_list() for part in tokens] == [[], [], []]


def check(tokenizer, texts):
    """Compares the ids with those of the tokenizer, and checks what holds for any offsets."""
    batch = pieces_of(tokenizer, texts)
    ids = tokenizer(tf.constant(texts, tf.string)).to_list()
    assert [[piece_id for piece_id, _, _ in pieces] for pieces in batch] == ids
    for text, pieces in zip(texts, batch, strict=True):
        starts, ends = [start for _, start, _ in pieces], [end for _, _, end in pieces]
        assert starts == sorted(starts)
        assert ends == sorted(ends)
        assert all(0 <= s <= e <= len(text) for s, e in zip(starts, ends, strict=True))


def check_slices(tokenizer, processor, texts):
    """Checks that a piece spells what it covers, in ASCII, where only case and quotes differ."""
    for text, pieces in zip(texts, pieces_of(tokenizer, texts), strict=True):
        for piece_id, start, end in pieces:
            piece = processor.id_to_piece(piece_id).replace("▁", "")
            covered = text[start:end].lower()
            if piece_id != tokenizer.unk_id:
                assert ('"' if covered in ("``", "''") else covered) == piece


any_text = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@any_text
@given(texts=st.lists(st.text(st.characters().filter(known) | st.sampled_from("05, ,7.'`\u0301ﬁ"))))
def test_offsets_of_any_text(tokenizer, texts):
    check(tokenizer, texts)


# SentencePiece drops control characters: a piece that covers one does not spell it.
@any_text
@given(texts=st.lists(st.text(st.characters(max_codepoint=127, exclude_categories=("Cc",)))))
def test_pieces_of_any_ascii_text_spell_what_they_cover(tokenizer, processor, texts):
    check_slices(tokenizer, processor, texts)


def read_sst2_dev(data):
    lines = (data / "sst2" / "dev.tsv").read_text("utf-8").splitlines()
    return [line.split("\t")[0] for line in lines]


@pytest.mark.parametrize("read", [read_sst2_dev, read_wnut17])
def test_offsets_of_real_text(tokenizer, processor, read):
    if not DATA.is_dir():
        pytest.skip(f"needs the real texts in {DATA}, which are not part of the project")
    texts = read(DATA)
    check(tokenizer, texts)
    check_slices(tokenizer, processor, [text for text in texts if text.isascii()])


class Served(tf.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.tokenizer = AlbertTokenizer(vocabulary)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def serve(self, text):
        tokens = self.tokenizer.with_offsets(text)
        return {name: part.to_tensor() for name, part in tokens._asdict().items()}


def test_saved_model_runs_in_tensorflow_serving(vocabulary, tokenizer, tmp_path):
    module = Served(vocabulary)
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.serve})
    assert graph_problems(tmp_path) == []
    served = tf.saved_model.load(str(tmp_path)).signatures["serving_default"](
        text=tf.constant(CASES[:3])
    )
    tokens = tokenizer.with_offsets(tf.constant(CASES[:3]))
    for name, part in tokens._asdict().items():
        assert served[name].numpy().tolist() == part.to_tensor().numpy().tolist()
