"""The curated schema against real statistics: which data passes, which does not, and as what."""

import pytest
import tensorflow_data_validation as tfdv

ROWS = [{"text": f"a film {at}", "label": str(at % 2), "channel": "mail"} for at in range(200)]


def kinds(found):
    return {
        (feature, type(info).Type.Name(reason.type))
        for feature, info in found.anomaly_info.items()
        for reason in info.reason
    }


def labelled(share_of_ones):
    return [row | {"label": str(int(at < 200 * share_of_ones))} for at, row in enumerate(ROWS)]


@pytest.mark.parametrize("columns", [("text", "label", "channel"), ("text", "label")])
def test_good_data_passes(write_examples, statistics, schema, columns):
    good = [{key: row[key] for key in columns} for row in ROWS]
    assert (
        kinds(tfdv.validate_statistics(statistics(write_examples("a.gz", good)), schema)) == set()
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"label": b"2"}, ("label", "ENUM_TYPE_UNEXPECTED_STRING_VALUES")),
        ({"text": None}, ("text", "FEATURE_TYPE_LOW_FRACTION_PRESENT")),
        ({"text": [b"a", b"b"]}, ("text", "INVALID_FEATURE_SHAPE")),
        ({"label_id": 7}, ("label_id", "INT_TYPE_BIG_INT")),
        ({"surprise": b"x"}, ("surprise", "SCHEMA_NEW_COLUMN")),
        ({"length_bucket": b"0"}, ("length_bucket", "ENUM_TYPE_UNEXPECTED_STRING_VALUES")),
    ],
)
def test_one_bad_row_of_200_is_an_anomaly(write_examples, statistics, schema, change, expected):
    path = write_examples("a.gz", ROWS, {7: change})
    assert expected in kinds(tfdv.validate_statistics(statistics(path), schema))


@pytest.mark.parametrize(("share", "drifted"), [(0.65, False), (0.75, True)])
def test_labels_drift_beyond_the_threshold(write_examples, statistics, schema, share, drifted):
    before = statistics(write_examples("a.gz", labelled(0.5)))
    now = statistics(write_examples("b.gz", labelled(share)))
    found = tfdv.validate_statistics(now, schema, previous_statistics=before)
    assert (("label", "COMPARATOR_L_INFTY_HIGH") in kinds(found)) is drifted
