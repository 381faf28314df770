"""The words of the demo data set: what customers write about, and what they say about it."""

from __future__ import annotations

from typing import NamedTuple

TOPICS = ("app", "billing", "delivery", "product", "refund", "staff")


class Thing(NamedTuple):
    """Something that a customer judges."""

    name: str
    topic: str


class Person(NamedTuple):
    """Somebody of the company whom a customer deals with."""

    name: str
    subject: str
    pronoun: str
    topic: str


class Action(NamedTuple):
    """What customer and company do to each other, and what it is about."""

    past: str
    matter: str


class Wish(NamedTuple):
    """What a customer asks for."""

    text: str
    topic: str


THINGS = (
    Thing("the delivery", "delivery"),
    Thing("the courier", "delivery"),
    Thing("the packaging", "delivery"),
    Thing("your tracking page", "delivery"),
    Thing("the refund", "refund"),
    Thing("the exchange", "refund"),
    Thing("the invoice", "billing"),
    Thing("the payment page", "billing"),
    Thing("your price list", "billing"),
    Thing("your app", "app"),
    Thing("the new update", "app"),
    Thing("the search", "app"),
    Thing("the login", "app"),
    Thing("your hotline", "staff"),
    Thing("the woman on the phone", "staff"),
    Thing("the man in the shop", "staff"),
    Thing("the chat", "staff"),
    Thing("the lamp", "product"),
    Thing("the desk", "product"),
    Thing("the café machine", "product"),
    Thing("the manual", "product"),
)

QUALITIES = (
    ("good", "bad"),
    ("great", "awful"),
    ("excellent", "terrible"),
    ("perfect", "useless"),
    ("pleasant", "annoying"),
    ("reliable", "unreliable"),
    ("wonderful", "horrible"),
    ("superb", "poor"),
    ("brilliant", "dreadful"),
    ("impressive", "disappointing"),
    ("fantastic", "miserable"),
    ("outstanding", "shoddy"),
)
"""A good word and its opposite."""

LIKES = (
    "thank you",
    "well done",
    "I am impressed",
    "I am happy",
    "keep it up",
    "five stars",
    "my family loves it",
    "I will order again",
)

DISLIKES = (
    "I am disappointed",
    "never again",
    "I am angry",
    "this is not acceptable",
    "what a mess",
    "one star",
    "I want my money back",
    "you have lost a customer",
)

TIMES = (
    "today",
    "yesterday",
    "this time",
    "last week",
    "on Monday",
    "on Friday",
    "this morning",
    "last weekend",
)

PEOPLE = (
    Person("the driver", "he", "him", "delivery"),
    Person("your agent", "she", "her", "staff"),
    Person("the manager", "she", "her", "staff"),
    Person("the technician", "he", "him", "product"),
    Person("your colleague", "he", "him", "staff"),
    Person("Ms. Okafor", "she", "her", "staff"),
    Person("Mr. Novák", "he", "him", "billing"),
    Person("the accountant", "she", "her", "billing"),
)

_VERBS = ("called", "wrote to", "contacted", "reminded")
_MATTERS = (
    "the repair",
    "the missing parcel",
    "the double charge",
    "the wrong address",
    "the broken lamp",
    "the appointment",
    "the voucher",
    "the contract",
)
ACTIONS = tuple(Action(verb, matter) for verb in _VERBS for matter in _MATTERS)

DEEDS = (
    "{by} explained the bill to {to} {when}.",
    "{by} waited for {to} for an hour {when}.",
    "{by} apologised to {to} {when}.",
    "{by} showed {to} how the app works {when}.",
    "{by} had to help {to} with the form {when}.",
    "{by} found the error for {to} {when}.",
)
"""Praise when the company did it to the customer, a complaint when the customer had to."""

WISHES = tuple(
    Wish(f"{verb} {item}", topic)
    for topic, verbs, items in (
        ("delivery", ("deliver", "send", "track"), ("my parcel", "the spare part", "order 4711")),
        ("billing", ("correct", "send", "check"), ("my invoice", "the receipt", "the last charge")),
        ("refund", ("confirm", "speed up", "explain"), ("my refund", "the exchange", "the return")),
        ("app", ("reset", "delete", "restore"), ("my account", "my password", "my photos")),
        ("product", ("exchange", "repair", "collect"), ("the lamp", "the desk", "the kettle")),
        ("staff", ("change", "confirm", "cancel"), ("my appointment", "my visit", "the call")),
    )
    for verb in verbs
    for item in items
)
