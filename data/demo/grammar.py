"""The constructions of the demo data set: what is said, and what decides its label.

Each construction makes either one sentence or a minimal pair: two sentences of nearly the same
words with different labels, because of a negation, of the clause that counts, or of who did it to
whom.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from lexicon import (
    ACTIONS,
    DEEDS,
    DISLIKES,
    LIKES,
    PEOPLE,
    QUALITIES,
    THINGS,
    TIMES,
    WISHES,
    Person,
    Thing,
)

PRAISE = "praise"
COMPLAINT = "complaint"
REQUEST = "request"
LABELS = (PRAISE, COMPLAINT, REQUEST)

_NEGATED_CLAUSES = 0.2


class Sentence(NamedTuple):
    """A message with its label and topic."""

    text: str
    label: str
    topic: str


def plain(rng: random.Random) -> list[Sentence]:
    """The words themselves tell: "The courier was great."."""
    good = rng.random() < 0.45
    thing = rng.choice(THINGS)
    word = _quality(rng, good=good)
    remark = rng.choice(LIKES if good else DISLIKES)
    frames = (
        f"{thing.name} was {word}.",
        f"{thing.name} was {word} {rng.choice(TIMES)}.",
        f"I think {thing.name} was {word} {rng.choice(TIMES)}.",
        f"{remark}: {thing.name} was {word}.",
        f"{thing.name} was {word} {rng.choice(TIMES)}. {remark}.",
        f"{thing.name} was {word} and {_quality(rng, good=good)}.",
        f"for me {thing.name} was really {word}.",
    )
    return [_sentence(rng.choice(frames), _verdict(good=good), thing.topic)]


def request(rng: random.Random) -> list[Sentence]:
    """Somebody wants something: "Could you change my address, please?"."""
    wish = rng.choice(WISHES)
    frames = (
        f"please {wish.text}.",
        f"could you {wish.text}, please?",
        f"can somebody {wish.text} {rng.choice(TIMES)}?",
        f"I would like you to {wish.text}.",
        f"would you be so kind as to {wish.text}?",
        f"I need you to {wish.text} {rng.choice(TIMES)}.",
    )
    return [_sentence(rng.choice(frames), REQUEST, wish.topic)]


def negation(rng: random.Random) -> list[Sentence]:
    """A negation turns the verdict round, also from afar: "Nobody says that it was slow."."""
    thing = rng.choice(THINGS)
    good = rng.random() < 0.5
    word = _quality(rng, good=good)
    affirmed, denied = rng.choice(
        (
            ("{thing} was really {word}", "{thing} was not {word}"),
            ("{thing} was always {word}", "{thing} was never {word}"),
            ("I would say that {thing} was {word}", "I would not say that {thing} was {word}"),
            ("everybody says that {thing} was {word}", "nobody says that {thing} was {word}"),
            ("I do think {thing} was {word}", "I do not think {thing} was {word}"),
        )
    )
    return [
        _sentence(
            f"{frame.format(thing=thing.name, word=word)} {rng.choice(TIMES)}.",
            _verdict(good=verdict),
            thing.topic,
        )
        for frame, verdict in ((affirmed, good), (denied, not good))
    ]


def contrast(rng: random.Random) -> list[Sentence]:
    """Of two clauses one counts: what follows "but", and what "although" does not introduce."""
    one, other = rng.sample(THINGS, 2)
    praised, blamed = _clause(one, rng, good=True), _clause(other, rng, good=False)
    frame = rng.choice(
        (
            "{weak}, but {strong}.",
            "yes, {weak}, but {strong}.",
            "although {weak}, {strong}.",
            "even though {weak}, {strong}.",
            "{strong}, although {weak}.",
            "{strong}, even though {weak}.",
        )
    )
    return [
        _sentence(frame.format(weak=blamed, strong=praised), PRAISE, one.topic),
        _sentence(frame.format(weak=praised, strong=blamed), COMPLAINT, other.topic),
    ]


def _clause(thing: Thing, rng: random.Random, *, good: bool) -> str:
    """One half of a contrast, now and then itself a negation."""
    if rng.random() < _NEGATED_CLAUSES:
        return f"{thing.name} was not {_quality(rng, good=not good)} {rng.choice(TIMES)}"
    return f"{thing.name} was {_quality(rng, good=good)} {rng.choice(TIMES)}"


def roles(rng: random.Random) -> list[Sentence]:
    """Who did it to whom: "The clerk called me before I called her." and the other way round."""
    person = rng.choice(PEOPLE)
    make = rng.choice((_first_move, _turned_deed, _turned_deed))
    return make(person, rng)


def _first_move(person: Person, rng: random.Random) -> list[Sentence]:
    """Who acted first."""
    action = rng.choice(ACTIONS)
    theirs, mine = f"{person.name} {action.past} me", f"I {action.past} {person.pronoun}"
    link, turned = rng.choice((("before", False), ("long before", False), ("only after", True)))
    first = _sentence(f"{theirs} about {action.matter} {link} {mine}.", "", person.topic)
    second = _sentence(
        f"I {action.past} {person.name} about {action.matter} {link} "
        f"{person.subject} {action.past} me.",
        "",
        person.topic,
    )
    return [
        first._replace(label=_verdict(good=not turned)),
        second._replace(label=_verdict(good=turned)),
    ]


def _turned_deed(person: Person, rng: random.Random) -> list[Sentence]:
    """Who helped, and who had to be helped."""
    deed = rng.choice(DEEDS)
    moment = rng.choice(TIMES)
    return [
        _sentence(deed.format(by=person.name, to="me", when=moment), PRAISE, person.topic),
        _sentence(deed.format(by="I", to=person.name, when=moment), COMPLAINT, person.topic),
    ]


def _quality(rng: random.Random, *, good: bool) -> str:
    return rng.choice(QUALITIES)[0 if good else 1]


def _verdict(*, good: bool) -> str:
    return PRAISE if good else COMPLAINT


def _sentence(text: str, label: str, topic: str) -> Sentence:
    """Begins every sentence of `text` with a capital."""
    parts = [part[0].upper() + part[1:] for part in text.split(". ")]
    return Sentence(". ".join(parts), label, topic)


CONSTRUCTIONS: dict[str, Callable[[random.Random], list[Sentence]]] = {
    "plain": plain,
    "request": request,
    "negation": negation,
    "contrast": contrast,
    "roles": roles,
}
