import pytest
from pydantic import ValidationError

from components.validation.config import ValidationConfig


def test_kinds_of_anomaly_are_taken_by_name():
    config = ValidationConfig(actions={"SCHEMA_NEW_COLUMN": "warn"})
    assert config.actions == {"SCHEMA_NEW_COLUMN": "warn"}


def test_an_unknown_kind_is_refused_with_one_near_it():
    with pytest.raises(ValidationError, match=r"received 'NEW_COLUMN'; near it: SCHEMA_NEW_COLUMN"):
        ValidationConfig(actions={"NEW_COLUMN": "warn"})
