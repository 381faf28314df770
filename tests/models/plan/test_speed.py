import dataclasses

import pytest

from models.plan.devices import DEVICES
from models.plan.flops import step_flops
from models.plan.lengths import lengths_of
from models.plan.shape import ModelShape
from models.plan.speed import evaluation_seconds, step_time

BASE = ModelShape(12, 12, 768, 3072, 128, 512, 30_000, 2)
H100 = DEVICES["h100"]
LENGTHS = lengths_of([128])


def seconds(rows, *, checkpointing=False, accumulation=1):
    return step_time(
        BASE,
        LENGTHS,
        rows,
        H100,
        precision="mixed_bfloat16",
        checkpointing=checkpointing,
        accumulation=accumulation,
    )


def test_products_take_their_operations_at_the_devices_rate():
    flops = step_flops(BASE, LENGTHS, 64, checkpointing=False).total
    assert seconds(64).products == pytest.approx(flops / H100.matmul_rate("mixed_bfloat16"))


def test_a_small_step_is_bound_by_its_operations_and_a_large_one_is_not():
    assert seconds(1).overhead > 0.8 * seconds(1).total
    assert seconds(256).overhead < 0.2 * seconds(256).total


def test_checkpointing_costs_about_a_third_more():
    assert seconds(64, checkpointing=True).total == pytest.approx(
        4 / 3 * seconds(64).total, rel=0.05
    )


def test_parts_of_a_step_have_their_own_overhead():
    assert seconds(64, accumulation=4).overhead == pytest.approx(4 * seconds(64).overhead)


def test_a_head_on_the_first_token_spares_most_of_the_last_layer():
    short = dataclasses.replace(BASE, first_token_only=True)
    whole, spared = (
        step_time(one, LENGTHS, 64, H100, precision="mixed_bfloat16", checkpointing=False)
        for one in (BASE, short)
    )
    # Key and value remain: a sixth of the products.
    assert spared.products == pytest.approx(whole.products * (1 - 5 / 6 / 12), rel=0.01)
    assert spared.elementwise < whole.elementwise * (1 - 0.7 / 12)


def test_evaluation_is_a_forward_pass():
    forward = evaluation_seconds(BASE, LENGTHS, 64, H100, precision="mixed_bfloat16", batch_size=64)
    assert forward == pytest.approx(seconds(64).total / 3, rel=0.05)
