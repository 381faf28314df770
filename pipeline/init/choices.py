"""The settings of a first run, chosen from the data so that it ends in minutes on a laptop."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from components.ingest.config import IngestConfig
from pipeline.init.survey import Survey, percentile
from schemas import features as keys
from schemas.errors import UserError

MODEL_SIZE = "albert-tiny"
LEARNING_RATE = 5e-4
BATCH_SIZE = 32

_PIECES_A_WORD = 1.5
_PIECES_A_CHARACTER = 0.8
_LONG_WORD = 15
"""Characters a word from which the text must be of a script without spaces."""

_LONGEST, _SHORTEST = 512, 16
_EXAMPLES_WANTED = 30_000
"""From scratch albert-tiny is at its best on SST-2's dev set after 20,000 examples or so: 0.78 to
0.80 with seeds 0 and 1, rate 5e-4 and 3, 4 and 6 epochs. At twice that rate it learned nothing.
"""

_TOKENS_AFFORDED = 4_000_000
"""albert-tiny trains on 5,000 to 20,000 tokens a second on two cores: minutes."""

_MAX_EPOCHS = 40.0
_MAX_REJECTED = 0.5


@dataclass(frozen=True)
class Choices:
    """Settings that depend on the data.

    Attributes:
      max_length: Longest input in tokens.
      vocabulary_size: SentencePiece pieces.
      epochs: Passes over the training split.
      eval_fraction: Share of the rows split off for eval, or None where there is a file of its own.
      max_text_length: Longest text in characters.
      max_rejected_ratio: Share of rejected rows that stops a run.
      leaks: What ingest does with eval texts that stand in train too.
    """

    max_length: int
    vocabulary_size: int
    epochs: float
    eval_fraction: float | None
    max_text_length: int
    max_rejected_ratio: float
    leaks: str


def choose(survey: Survey, texts: Iterable[str], eval_fraction: float | None) -> Choices:
    """Chooses the settings of a first run.

    Args:
      survey: What is in the files.
      texts: Sampled texts.
      eval_fraction: Share of the rows split off for eval, where there is no file for it.

    Raises:
      UserError: If half of the rows or more are of no use.
    """
    max_text_length = _max_text_length(survey)
    num_train = survey.counts.accepted[keys.TRAIN]
    return Choices(
        max_length=_max_length(survey),
        vocabulary_size=_vocabulary_size(texts),
        epochs=_epochs(num_train, _mean_tokens(survey)),
        eval_fraction=eval_fraction,
        max_text_length=max_text_length,
        max_rejected_ratio=_max_rejected_ratio(survey, num_too_long(survey, max_text_length)),
        leaks="drop" if survey.counts.leaks.total() else str(_default("leaks")),
    )


def num_too_long(survey: Survey, max_text_length: int) -> int:
    """Returns the number of rows whose text has more characters than `max_text_length`."""
    return sum(number for length, number in survey.characters.items() if length > max_text_length)


def _pieces(survey: Survey, share: float) -> float:
    """Returns about how many tokens the text at a percentile has."""
    words, characters = percentile(survey.words, share), percentile(survey.characters, share)
    unspaced = characters > _LONG_WORD * max(1, words)
    return characters * _PIECES_A_CHARACTER if unspaced else words * _PIECES_A_WORD


def _max_length(survey: Survey) -> int:
    """Returns a multiple of 8, as matrix units like it, that holds 99 % of the texts whole."""
    wanted = 8 * math.ceil((_pieces(survey, 0.99) + 2) / 8)
    return min(_LONGEST, max(_SHORTEST, wanted))


def _mean_tokens(survey: Survey) -> float:
    return min(_LONGEST, max(1.0, _pieces(survey, 0.6)))


def _vocabulary_size(texts: Iterable[str]) -> int:
    """Returns a size that the data can fill: all words where they are few, half where many."""
    words: set[str] = set()
    characters: set[str] = set()
    for text in texts:
        lowered = text.lower()
        words.update(lowered.split())
        characters.update(lowered)
    size = len(words) if len(words) <= 1000 else 1000 + 0.45 * (len(words) - 1000)
    # Every character needs a piece, those that are not in the sample too.
    size = max(size, 1.5 * len(characters) + 100)
    step = 10 ** max(1, math.floor(math.log10(size)) - 1)
    return int(min(30_000, step * round(size / step)))


def _epochs(num_rows: int, tokens: float) -> float:
    """Returns more passes over little data, fewer over much."""
    wanted = min(_MAX_EPOCHS, _EXAMPLES_WANTED / max(1, num_rows))
    afforded = _TOKENS_AFFORDED / max(1.0, num_rows * tokens)
    epochs = min(max(wanted, 2.0), afforded)
    return float(round(epochs)) if epochs >= 2 else max(0.1, round(epochs, 1))


def _max_text_length(survey: Survey) -> int:
    """Returns ingest's own limit, or one that lets 99.9 % of longer documents in."""
    default = int(_default("max_text_length"))
    longest = percentile(survey.characters, 0.999)
    return default if longest <= default else 1000 * math.ceil(longest / 1000)


def _max_rejected_ratio(survey: Survey, too_long: int) -> float:
    """Returns ingest's own limit, or one just above what the files have now."""
    default = float(_default("max_rejected_ratio"))
    ratio = (survey.num_rejected + too_long) / max(1, survey.num_rows)
    if ratio >= _MAX_REJECTED:
        lines = [
            f"{survey.num_rejected + too_long:,} of {survey.num_rows:,} rows cannot be used; mend "
            "the file, or name its columns: --text NAME --label NAME",
            *survey.rejected_lines(),
        ]
        raise UserError("\n  ".join(lines))
    return default if ratio <= default else math.ceil(ratio * 110) / 100


def _default(name: str) -> str | int | float:
    return IngestConfig.model_fields[name].default
