"""Rows of files into a text and its entities: words with tags, or a text with spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from models.tagging.schemes import OUTSIDE, Scheme, TagError, find_entities
from models.tagging.spans import Span, join_spans
from models.tasks.base import FeatureValue, RowError, RowValue
from schemas import features as keys

NO_TYPE = "none"
"""Stands for the type of a row without entities."""

MADE = (keys.LABEL, keys.ENTITY_TYPE, keys.LENGTH_BUCKET, keys.ROW_ID)
"""Features that no column may be named as."""


def read_row(
    row: Mapping[str, RowValue], *, types: Sequence[str], scheme: Scheme, tags: Sequence[str] = ()
) -> tuple[str, list[Span] | None]:
    """Returns the text of a row and its entities in their order; None where it names none.

    Args:
      row: Value by role: `words` with `tags`, or `text` with `entities`.
      types: The declared types.
      scheme: How the tags are meant.
      tags: Those that numbers in the place of tags stand for; empty: numbers are no tags.

    Raises:
      RowError: If the text is empty, tags or spans break a rule, or a type is not declared.
    """
    text = _text(row)
    if not text.strip():
        raise RowError("empty_text", "a row must have words, or a text, and not only white space")
    if keys.ENTITIES in row:
        spans = _given_spans(row[keys.ENTITIES], text)
    elif keys.TAGS in row:
        spans = _tagged_spans(row, scheme, tags)
    else:
        return text, None
    if strange := sorted({span.type for span in spans} - set(types)):
        raise RowError(
            "unknown_label",
            f"the type of an entity must be one of {', '.join(types)}; received {strange}",
        )
    return text, spans


def entity_features(text: str, spans: Sequence[Span]) -> dict[str, FeatureValue]:
    """Returns the entities of a text as features, with those that the evaluation is sliced by."""
    found = sorted({span.type for span in spans}) or [NO_TYPE]
    return {
        keys.ENTITIES: join_spans(spans).encode(),
        keys.ENTITY_TYPE: [kind.encode() for kind in found],
        keys.LABEL: [tag.encode() for tag in word_tags(text, spans)],
    }


def word_tags(text: str, spans: Sequence[Span]) -> list[str]:
    """Returns which tags of the model stand in a text, each once.

    An entity of several words, split at white space, has an I- too.

    >>> word_tags("New York", [Span(0, 8, "place")])
    ['B-place', 'I-place']
    """
    found = dict.fromkeys(f"B-{span.type}" for span in spans)
    longer = [span for span in spans if len(text[span.start : span.end].split()) > 1]
    found |= dict.fromkeys(f"I-{span.type}" for span in longer)
    covered = sum(len(text[span.start : span.end].split()) for span in spans)
    return [*([OUTSIDE] if len(text.split()) > covered else []), *found]


def _text(row: Mapping[str, RowValue]) -> str:
    """Returns the text: that of the file, or its words joined by one space."""
    if keys.TEXT in row:
        return str(row[keys.TEXT])
    words = row.get(keys.WORDS, [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise RowError("invalid_value", f"words must be a list of texts; received {words!r:.100}")
    if not all(word.strip() for word in words):
        raise RowError("empty_word", f"every word must have text; received {words!r:.100}")
    return " ".join(words)


def _tagged_spans(row: Mapping[str, RowValue], scheme: Scheme, names: Sequence[str]) -> list[Span]:
    words, tags = row.get(keys.WORDS), row[keys.TAGS]
    if not isinstance(words, list) or not isinstance(tags, list) or len(words) != len(tags):
        counts = [len(value) if isinstance(value, list) else 0 for value in (words, tags)]
        raise RowError(
            "tag_count",
            f"a row must have a tag for each word; received {counts[0]} words, {counts[1]} tags",
        )
    if keys.TEXT in row and row[keys.TEXT] != " ".join(words):
        raise RowError(
            "invalid_value",
            "the text of a row with words must be those, joined by one space; leave it out",
        )
    try:
        entities = find_entities([_named(tag, names) for tag in tags], scheme)
    except TagError as error:
        raise RowError("invalid_tags", str(error)) from error
    ends = list(accumulate((len(word) + 1 for word in words), initial=0))
    return [Span(ends[entity.first], ends[entity.last + 1] - 1, entity.type) for entity in entities]


def _named(tag: str, names: Sequence[str]) -> str:
    """Returns a tag by its name, where names are declared and it is the number of one.

    Raises:
      TagError: If it is the number of none.
    """
    if not names or not tag.isdecimal():
        return tag
    if int(tag) >= len(names):
        raise TagError(
            f"the number of a tag must be between 0 and {len(names) - 1}, as task.tags has "
            f"{len(names)}; received {tag}"
        )
    return names[int(tag)]


def _given_spans(entities: RowValue, text: str) -> list[Span]:
    if not isinstance(entities, list):
        raise RowError("invalid_span", f"entities must be a list; received {entities!r:.100}")
    spans = sorted(_given_span(entity, text) for entity in entities)
    for before, span in pairwise(spans):
        if span.start < before.end:
            raise RowError(
                "overlapping_entities",
                f"entities must not overlap; received {before.type} from {before.start} to "
                f"{before.end} and {span.type} from {span.start} to {span.end}",
            )
    return spans


def _given_span(entity: Any, text: str) -> Span:
    """Returns one entity of a row; its numbers are text there, its type may be a `label`."""
    try:
        kind = entity["type" if "type" in entity else "label"]
        span = Span(int(entity["start"]), int(entity["end"]), str(kind))
    except (KeyError, TypeError, ValueError) as error:
        raise RowError(
            "invalid_span",
            f"an entity must have start and end, whole numbers, and type or label; "
            f"received {entity!r:.100}",
        ) from error
    if not 0 <= span.start < span.end <= len(text):
        raise RowError(
            "invalid_span",
            f"an entity must lie within its text of {len(text)} characters and hold one at least; "
            f"received {span.start} to {span.end}",
        )
    covered = text[span.start : span.end]
    if covered != covered.strip():
        raise RowError(
            "invalid_span",
            f"an entity must not start or end with white space; received {covered!r:.100}",
        )
    return span
