"""Random tags of sentences, and what a random model says to them, the same on every machine."""

import random

TYPES = ("person", "place", "work")
_TAGS = ("O", "O", "O", *(f"{letter}-{kind}" for kind in TYPES for letter in "BI"))


def random_sentences(count=1000, *, seed=17):
    """Returns pairs of right and predicted IOB tags; of both many are not valid IOB2."""
    draw = random.Random(seed)
    pairs = []
    for _ in range(count):
        right = [draw.choice(_TAGS) for _ in range(draw.randrange(1, 25))]
        predicted = [tag if draw.random() < 0.8 else draw.choice(_TAGS) for tag in right]
        pairs.append((right, predicted))
    return pairs
