import tensorflow as tf

from models.raw_features import example_spec, is_list, ragged_lists

INPUTS = {
    "question": tf.TensorSpec([None], tf.string, "question"),
    "options": tf.TensorSpec([None, None], tf.string, "options"),
}


def example(question, options):
    row = tf.train.Example()
    row.features.feature["question"].bytes_list.value.append(question)
    row.features.feature["options"].bytes_list.value.extend(options)
    return row.SerializeToString()


def test_examples_and_requests_give_the_same_features():
    parsed = tf.io.parse_example(
        [example(b"q", [b"a", b"b"]), example(b"r", [b"c"])], example_spec(INPUTS)
    )
    requested = ragged_lists(
        {"question": tf.constant(["q", "r"]), "options": tf.constant([["a", "b"], ["c", ""]])}
    )
    for features in (parsed, requested):
        assert features["question"].numpy().tolist() == [b"q", b"r"]
        assert features["options"].to_list() == [[b"a", b"b"], [b"c"]]


def test_empty_text_before_others_is_no_filler():
    ragged = ragged_lists({"options": tf.constant([["", "a", ""]])})
    assert ragged["options"].to_list() == [[b"", b"a"]]


def test_no_rows():
    ragged = ragged_lists({"options": tf.zeros((0, 0), tf.string)})
    assert ragged["options"].to_list() == []


def test_which_features_are_lists():
    spec = example_spec(INPUTS) | {"spans": tf.io.VarLenFeature(tf.int64)}
    assert [name for name, feature in spec.items() if is_list(feature)] == ["options", "spans"]
