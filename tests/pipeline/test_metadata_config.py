"""The section `metadata`: the keys of each backend, and no password."""

import pytest

from pipeline.loading import check_config
from pipeline.metadata_config import MetadataConfig
from schemas.errors import UserError

_CONFIG = {
    "name": "probe",
    "task": {"name": "classification", "labels": ["good", "bad"]},
    "ingest": {"train": "train.tsv"},
}
_SERVER = {"host": "db", "database": "mlmd", "user": "albert"}


def test_a_server_has_its_usual_port():
    section = MetadataConfig.model_validate({"backend": "mysql", **_SERVER})
    assert section.server_port == 3306
    assert section.model_copy(update={"port": 7}).server_port == 7


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"backend": "postgresql"}, r"metadata\.backend: "),
        ({"host": "db"}, "host must not be given for the backend sqlite"),
        ({"backend": "mysql", "host": "db"}, "received no database, user"),
        ({"backend": "mysql", **_SERVER, "file": "a"}, "file must not be given"),
        ({"backend": "mysql", **_SERVER, "port": 0}, r"metadata\.port: "),
        ({"backend": "mysql", **_SERVER, "password": "x"}, r"metadata\.password: unknown key"),
        ({"backend": "mysql", **_SERVER, "password_variable": "a b"}, "password_variable: "),
    ],
)
def test_keys_that_do_not_go_together_are_refused(section, problem):
    with pytest.raises(UserError, match=problem):
        check_config(_CONFIG | {"metadata": section}, source="a test")
