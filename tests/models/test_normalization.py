import subprocess
import sys
import unicodedata

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from models.normalization import normalize
from tests.models import reference

# First and last code point of what Unicode 13 and later added and the ICU in some TensorFlow does
# not know; found by running test_every_character without the exception.
NEWER = (
    (0x888, 0x888), (0x890, 0x891), (0x8C9, 0x8C9), (0xECE, 0xECE), (0x180F, 0x180F),
    (0x2C2F, 0x2C2F), (0x2C5F, 0x2C5F), (0xA7C0, 0xA7C1), (0xA7D0, 0xA7D9), (0xAB69, 0xAB69),
    (0xFBC2, 0xFBC2), (0x10570, 0x105BC), (0x10780, 0x107BA), (0x11073, 0x11074),
    (0x110C2, 0x110C2), (0x11241, 0x11241), (0x11938, 0x11938), (0x11F00, 0x11F40),
    (0x13439, 0x13455), (0x1AFF0, 0x1AFFE), (0x1CF00, 0x1CF46), (0x1DF00, 0x1DF2A),
    (0x1E4EB, 0x1E4EB), (0x1FBF0, 0x1FBF9),
)  # fmt: skip
CONTEXTS = ("{}", "a {} b", "{0}\u03a3", "\u03a3{0}", "A{0}\u03a3{0}B", "x{0}\u03a3 I{0}. ''{0}''")


def known(character):
    return (
        character != "\0"
        and unicodedata.category(character) not in ("Cn", "Cs")
        and not any(first <= ord(character) <= last for first, last in NEWER)
    )


def normalized(texts):
    return [text.decode() for text in normalize(tf.constant(texts)).numpy()]


@pytest.mark.slow
@pytest.mark.parametrize("context", CONTEXTS)
def test_every_character(context):
    texts = [context.format(chr(code)) for code in range(0x110000) if known(chr(code))]
    assert normalized(texts) == [reference.normalize(text) for text in texts]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(st.characters().filter(known)), min_size=1, max_size=20))
def test_any_text(texts):
    assert normalized(texts) == [reference.normalize(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a \t\n b\u3000c\x1fd\x85 ", "a b c d"),
        ("``quoted''", '"quoted"'),
        ("' ' ' `", "' ' ' `"),
        ("Ünïcödé", "unicode"),
        ("ﬁﬀ ①②", "fiff 12"),
        ("İSTANBUL I", "istanbul i"),
        ("ΟΔΟΣ ΟΔΟΣ. Σ", "οδος οδος. σ"),
        ("ΣΑΣ\u0301", "σας"),
        ("", ""),
        (" \u2003 ", ""),
        ("क्षि", "कषि"),
    ],
)
def test_examples(text, expected):
    assert reference.normalize(text) == expected
    assert normalized([text]) == [expected]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(b"A\xffB", "a\ufffdb"), (b"\xed\xa0\x80", "\ufffd" * 3), (b"A\0B", "a\ufffdb")],
)
def test_what_is_no_text_is_replaced(raw, expected):
    assert normalized([raw]) == [expected]


@pytest.mark.slow
def test_locale_of_the_process_does_not_matter():
    code = (
        "import tensorflow as tf; from models.normalization import normalize;"
        "assert tf.strings.lower(['I'], encoding='utf-8').numpy()[0].decode() == 'ı';"
        "assert normalize(tf.constant(['I LIVE IN İZMİR'])).numpy()[0] == b'i live in izmir'"
    )
    environment = {
        "LC_ALL": "tr_TR.UTF-8",
        "PYTHONPATH": ":".join(sys.path),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]


@pytest.mark.parametrize("shape", [[], [2], [2, 1]])
def test_shape_is_kept(shape):
    assert normalize(tf.fill(shape, "A")).shape == shape
