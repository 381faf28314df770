from tfx.types import standard_artifacts

from components.none_found import is_none, mark_none


def test_an_output_says_that_there_is_none(tmp_path):
    output = standard_artifacts.Model()
    output.uri = str(tmp_path / "champion" / "1")
    assert not is_none(output)
    mark_none(output)
    assert is_none(output)
    assert (tmp_path / "champion" / "1").is_dir()
