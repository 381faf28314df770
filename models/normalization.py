"""The text normalisation of the original ALBERT, in TensorFlow ops that any TensorFlow Serving has.

The rules are those of the tokenizer that the published weights were trained with: white space is
squeezed, the LaTeX quotes `` and '' become ", NFKD, combining marks are dropped, letters become
lower case, in this order. The result equals Python's own (`str.split`, `unicodedata`, `str.lower`)
for every character of Unicode 12.1, of 2019. Newer ones depend on the ICU release inside TensorFlow
and TensorFlow Text; training and serving agree on them too, because both run this graph.
"""

import functools
import sys
import unicodedata

import tensorflow as tf
import tensorflow_text as tf_text

WHITE_SPACE = (
    r"[\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}"
    r"\x{202f}\x{205f}\x{3000}]+"
)
"""What `str.split()` splits on; `\\s` of the regular expressions in TensorFlow is ASCII only."""


def normalize(text: tf.Tensor) -> tf.Tensor:
    """Normalises text as the original ALBERT does.

    Bytes that are no UTF-8 become U+FFFD, and so does NUL, at which TensorFlow's lower-casing would
    cut the text.

    Args:
      text: Raw text, string, any shape.

    Returns:
      Normalised text, string, same shape.
    """
    text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
    text = tf.strings.regex_replace(text, r"\x00", "\N{REPLACEMENT CHARACTER}")
    text = tf.strings.regex_replace(text, WHITE_SPACE, " ")
    text = tf.strings.regex_replace(text, "^ | $", "")
    text = tf.strings.regex_replace(text, "``|''", '"')
    text = tf_text.normalize_utf8(text, "NFKD")
    text = tf.strings.regex_replace(text, _combining_marks(), "")
    # The op lowers by the rules of the process's locale; a Turkish one would take the dot from I.
    text = tf.strings.regex_replace(text, "I", "i")
    return tf.strings.lower(text, encoding="utf-8")


@functools.cache
def _combining_marks() -> str:
    r"""Returns the regular expression of characters with a combining class; `\p{M}` differs."""
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if not unicodedata.combining(chr(code)):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in ranges) + "]+"
