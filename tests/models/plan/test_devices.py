import pytest

from models.plan.devices import DEVICES, named_device
from schemas.errors import UserError


def test_a_device_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(UserError, match=r"one of h200, h100, .*; received 'h10'"):
        named_device("h10")


@pytest.mark.parametrize("name", ["t4", "v100"])
def test_a_format_that_a_gpu_lacks_is_computed_as_float32(name):
    device = DEVICES[name]
    assert device.matmul_rate("mixed_bfloat16") == device.matmul_rate("float32")
    assert device.precision == "mixed_float16"


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES)
def test_sixteen_bits_are_faster(device):
    assert device.matmul_rate(device.precision) >= 2 * device.matmul_rate("float32")
