"""Answers without what fills their lists up to the longest of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from schemas import features as keys
from serving.entities import ENTITY_OUTPUTS, SPAN_OUTPUTS, to_entities, to_spans


def readable(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the outputs of one row as they are whatever else is asked with it.

    Entities, which are five lists, become one list of objects; so do the best spans of a context.

    >>> readable({"types": ["place"], "texts": ["Rome"], "starts": [3], "ends": [7],
    ...           "scores": [0.9], "entities": "3:7:place"})
    {'entities': [{'type': 'place', 'text': 'Rome', 'start': 3, 'end': 7, 'score': 0.9}]}
    >>> readable({"index": 0, "option": "Ann", "probabilities": [0.75, 0.25, 0.0]})
    {'index': 0, 'option': 'Ann', 'probabilities': [0.75, 0.25]}
    >>> readable({"label": "good"})
    {'label': 'good'}

    Args:
      outputs: Value by name of the model's output.
    """
    shorten = next((one for names, one in _FILLED_UP.items() if outputs.keys() >= names), dict)
    return shorten(outputs)


def _entities(outputs: Mapping[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in outputs.items() if name not in ENTITY_OUTPUTS}
    return others | {keys.ENTITIES: [asdict(entity) for entity in to_entities(outputs)]}


def _spans(outputs: Mapping[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in outputs.items() if name not in SPAN_OUTPUTS}
    return others | {keys.SPANS: [asdict(span) for span in to_spans(outputs)]}


def _options(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Leaves out fillers of options, whose probability is exactly 0; that of no option is."""
    probabilities = list(outputs[keys.PROBABILITIES])
    while probabilities and probabilities[-1] == 0.0:
        probabilities.pop()
    return {**outputs, keys.PROBABILITIES: probabilities}


def _labels(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {**outputs, keys.CHOSEN: [label for label in outputs[keys.CHOSEN] if label]}


def _masks(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Leaves out what stands for masks that other texts of the request have."""
    asked = [place for place, pieces in enumerate(outputs[keys.TOKENS]) if any(pieces)]
    count = asked[-1] + 1 if asked else 0
    return {**outputs, **{name: outputs[name][:count] for name in (keys.TOKENS, keys.SCORES)}}


_FILLED_UP: Final[Mapping[frozenset[str], Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    frozenset(ENTITY_OUTPUTS): _entities,
    frozenset((keys.ANSWER, *SPAN_OUTPUTS)): _spans,
    frozenset((keys.INDEX, keys.OPTION, keys.PROBABILITIES)): _options,
    frozenset((keys.CHOSEN, keys.PROBABILITIES)): _labels,
    frozenset((keys.TOKENS, keys.SCORES)): _masks,
}
"""By the outputs that tell a task's answer, what makes it readable."""
