"""The files are what stock TensorFlow Serving and our server read."""

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from schemas.errors import UserError
from serving.control import changes
from serving.server.batch_options import BatchOptions, read_batch_options
from serving.server.metrics import DEFAULT_PATH, metrics_path
from serving.tuning.files import write_estimated, write_measured

OPTIONS = BatchOptions(16, 500, 40, 2)
OTHER = BatchOptions(8, 100, 20, 1)


@pytest.fixture
def model_base(tmp_path):
    folder = tmp_path / "reviews" / "serving"
    for version in (1, 2):
        (folder / str(version)).mkdir(parents=True)
        (folder / str(version) / "saved_model.pb").write_bytes(b"graph")
    return folder


def models(path):
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse(path.read_text(), config)
    return config.model_config_list.config


def test_our_server_reads_what_was_chosen(model_base):
    files = write_measured(model_base, OPTIONS, "fast")
    assert read_batch_options(files.batching) == OPTIONS
    assert metrics_path(files.monitoring) == DEFAULT_PATH
    (model,) = models(files.models)
    assert (model.name, model.base_path) == ("reviews", str(model_base))
    assert model.model_platform == "tensorflow"


def test_the_measured_file_says_from_what(model_base):
    text = write_measured(model_base, OPTIONS, "8 ms a row").batching.read_text()
    assert text.startswith("# Measured by `albert-tfx tune-serving`: 8 ms a row\n")


def test_an_estimate_follows_the_model_but_replaces_no_measurement(model_base):
    files = write_estimated(model_base, OTHER, "first")
    write_estimated(model_base, OPTIONS, "second")
    assert read_batch_options(files.batching) == OPTIONS
    write_measured(model_base, OTHER, "measured")
    write_estimated(model_base, OPTIONS, "third")
    assert read_batch_options(files.batching) == OTHER


def test_what_was_edited_stays(model_base):
    files = write_measured(model_base, OPTIONS, "")
    files.monitoring.write_text("prometheus_config { enable: false }")
    files.models.write_text("model_config_list { }")
    write_measured(model_base, OTHER, "")
    assert files.monitoring.read_text() == "prometheus_config { enable: false }"
    assert files.models.read_text() == "model_config_list { }"


@pytest.mark.parametrize("choice", [{}, {"model": "r", "base_path": "/models/r"}])
def test_a_release_takes_over_the_model_that_was_listed(model_base, choice):
    files = write_estimated(model_base, OPTIONS, "")
    changes.name_release(model_base, **choice)
    (model,) = models(files.models)
    assert model.name == choice.get("model", "reviews")
    assert list(model.model_version_policy.specific.versions) == [2]


def test_a_model_that_is_renamed_is_listed_once(model_base):
    changes.name_release(model_base, model="first")
    changes.name_release(model_base, model="second")
    assert [model.name for model in models(model_base / "models.config")] == ["second"]


def test_a_folder_that_cannot_be_written_is_the_users_to_mend(tmp_path):
    with pytest.raises(UserError, match=r"cannot be written .*; free space or mend"):
        write_measured(tmp_path / "gone", OPTIONS, "")
