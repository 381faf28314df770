"""Planned windows against those that are cut."""

import random

import pytest
import tensorflow as tf

from models.plan.sequences import window_lengths
from models.windows import cut_windows


@pytest.mark.parametrize(("max_length", "stride"), [(32, 8), (24, 24), (16, 1)])
def test_windows_are_planned_as_they_are_cut(max_length, stride):
    draw = random.Random(stride)
    for question, context in [(draw.randrange(12), draw.randrange(120)) for _ in range(40)]:
        windows = cut_windows(
            tf.constant([question], tf.int64),
            tf.constant([context], tf.int64),
            max_length=max_length,
            stride=stride,
        )
        planned = window_lengths(question + 3, context, max_length=max_length, stride=stride)
        assert planned == (question + 3 + windows.lengths.numpy()).tolist()
