import os
import stat

import pytest

from models.plan.shape import ModelShape
from models.plan.this_machine import (
    gpu_memory_bytes,
    machine_memory_bytes,
    measure_this_machine,
)

TINY = ModelShape(2, 2, 32, 64, 8, 20, 50, 3)


def test_memory_is_the_machines_without_a_limit(tmp_path):
    (tmp_path / "memory.max").write_text("max\n")
    expected = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert machine_memory_bytes((tmp_path / "memory.max", tmp_path / "none")) == expected


def test_memory_is_what_the_container_may_use(tmp_path):
    (tmp_path / "memory.max").write_text("1048576\n")
    assert machine_memory_bytes((tmp_path / "memory.max",)) == 1048576


@pytest.mark.parametrize(
    ("script", "expected"),
    [("echo 81559; echo 40960", 40960 << 20), ("echo broken >&2; exit 9", None)],
)
def test_gpu_memory_is_that_of_the_smallest(tmp_path, monkeypatch, script, expected):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_memory_bytes() == expected


def test_no_driver_means_no_gpu(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_memory_bytes() is None


def test_rates_are_measured():
    device = measure_this_machine(TINY, requested="float32", tokens=256)
    assert device.precision == "float32"
    assert 1e8 < device.matmul_rate("float32") < 1e15
    assert 1e8 < device.bandwidth < 1e14
