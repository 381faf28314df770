import pytest

from components.ingest.sources import resolve_sources
from pipeline.plan.check import check_memory
from schemas.errors import UserError

LARGE = {"size": "albert-xxlarge-v2", "max_length": 512}


def sources(config):
    return resolve_sources(config.ingest, config.typed_task)


def test_a_step_that_cannot_fit_is_refused_with_what_to_change(make_config):
    config = make_config(model=LARGE)
    with pytest.raises(UserError, match=r"does not fit the 1\.0 GiB there are; lower it"):
        check_memory(config, sources(config), memory_bytes=1 << 30)


def test_a_step_that_fits_passes(make_config):
    config = make_config()
    check_memory(config, sources(config), memory_bytes=4 << 30)


def test_a_step_within_the_plans_error_passes(make_config):
    config = make_config()
    with pytest.raises(UserError) as raised:
        check_memory(config, sources(config), memory_bytes=1 << 28)
    needed = float(str(raised.value).split(" needs ")[1].split(" GiB")[0])
    check_memory(config, sources(config), memory_bytes=int((needed / 1.1) * (1 << 30)))


def test_remote_weights_are_let_pass(make_config):
    config = make_config(
        model={"weights": "gs://models/albert"}, vocabulary={"model": "none.model"}
    )
    check_memory(config, sources(config), memory_bytes=1)
