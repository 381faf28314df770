import pytest

from models import precision
from models.precision import cpu_flags, resolve_precision

AMX = frozenset({"sse2", "avx512_bf16", "amx_bf16"})
OLD_CPU = frozenset({"sse2", "avx2"})


@pytest.fixture
def hardware(monkeypatch):
    """Pretends that there is other hardware than this."""

    def pretend(*, gpus=(), flags=frozenset()):
        monkeypatch.setattr(precision, "gpu_capabilities", lambda: list(gpus))
        monkeypatch.setattr(precision, "cpu_flags", lambda: flags)

    return pretend


@pytest.mark.parametrize(
    ("gpus", "flags", "hidden_dim", "expected"),
    [
        pytest.param([(9, 0)], OLD_CPU, 128, "mixed_bfloat16", id="Hopper"),
        pytest.param([(8, 0)], OLD_CPU, 768, "mixed_bfloat16", id="Ampere"),
        pytest.param([(7, 5)], AMX, 768, "mixed_float16", id="Turing"),
        pytest.param([(7, 0)], AMX, 768, "mixed_float16", id="Volta"),
        pytest.param([(8, 0), (7, 0)], AMX, 768, "mixed_float16", id="the oldest GPU decides"),
        pytest.param([(6, 1)], AMX, 768, "float32", id="Pascal"),
        pytest.param([(0, 0)], AMX, 768, "float32", id="GPU of unknown capability"),
        pytest.param([], AMX, 768, "mixed_bfloat16", id="CPU with AMX"),
        pytest.param([], frozenset({"avx512_bf16"}), 192, "mixed_bfloat16", id="AVX512-BF16"),
        pytest.param([], AMX, 128, "float32", id="too narrow to gain"),
        pytest.param([], AMX, None, "mixed_bfloat16", id="width not known"),
        pytest.param([], OLD_CPU, 768, "float32", id="CPU without bf16"),
        pytest.param([], frozenset(), 768, "float32", id="not Linux"),
    ],
)
def test_auto_takes_what_the_hardware_computes_fast(hardware, gpus, flags, hidden_dim, expected):
    hardware(gpus=gpus, flags=flags)
    assert resolve_precision("auto", hidden_dim=hidden_dim) == expected


def test_a_configured_precision_is_taken_whatever_the_hardware(hardware):
    hardware(gpus=[(9, 0)])
    assert resolve_precision("float32", hidden_dim=768) == "float32"


def test_the_reason_is_logged(hardware, caplog):
    hardware(flags=AMX)
    with caplog.at_level("INFO", logger="models.precision"):
        resolve_precision("auto", hidden_dim=128)
    assert "precision float32: the CPU has amx_bf16, but a width of 128" in caplog.text


def test_flags_are_those_of_the_first_processor(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(
        "processor\t: 0\nmodel name\t: Example\nflags\t\t: fpu avx512_bf16 amx_bf16\n\n"
        "processor\t: 1\nflags\t\t: fpu\n"
    )
    assert cpu_flags(cpuinfo) == {"fpu", "avx512_bf16", "amx_bf16"}


def test_a_system_without_cpuinfo_has_no_flags(tmp_path):
    assert cpu_flags(tmp_path / "missing") == frozenset()


def test_capabilities_of_the_gpus_here_can_be_asked():
    assert all(len(capability) == 2 for capability in precision.gpu_capabilities())
