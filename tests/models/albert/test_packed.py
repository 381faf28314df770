import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from models.albert.packed import PackedEncoder, with_encoder
from serving.served_graph import functions_of
from tests.models.albert.tiny import inputs, ours

LAYOUTS = pytest.mark.parametrize(
    "layout",
    [{}, {"num_groups": 2, "num_inner_repetitions": 2}, {"hidden_act": "gelu"}],
    ids=["shared", "groups-inner", "erf"],
)
RANDOM_LENGTHS = [
    tuple(int(length) for length in np.random.default_rng(seed).integers(1, 17, size=6))
    for seed in range(3)
]
LENGTHS = [(7, 5, 2), (1,), (16,), (3, 3, 3), (1, 16, 1), *RANDOM_LENGTHS]


def encode(backbone, rows, *, dtype="float32", **options):
    """Returns what a graph of the packed encoder gives."""
    encoder = PackedEncoder(backbone, dtype=dtype)
    return tf.function(lambda rows: encoder(rows, **options), autograph=False)(rows)


def largest_gap(outputs, expected, rows):
    present = rows["padding_mask"][:, :, np.newaxis]
    gaps = [
        (outputs["sequence_output"] - tf.cast(expected["sequence_output"], tf.float32)) * present,
        outputs["pooled_output"] - tf.cast(expected["pooled_output"], tf.float32),
    ]
    return max(float(tf.reduce_max(tf.abs(gap))) for gap in gaps)


@LAYOUTS
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_outputs_of_the_backbone(layout, lengths):
    backbone, rows = ours(**layout), inputs(lengths, longest=max(*lengths, 2))
    assert largest_gap(encode(backbone, rows), backbone(rows, training=False), rows) < 1e-5


@LAYOUTS
def test_pooled_output_alone(layout):
    backbone, rows = ours(**layout), inputs()
    outputs = encode(backbone, rows, pooled_only=True)
    assert set(outputs) == {"pooled_output"}
    expected = backbone(rows, training=False)["pooled_output"]
    np.testing.assert_allclose(outputs["pooled_output"], expected, atol=1e-5)


def test_16_bits_lose_no_more_than_in_training():
    rows = inputs()
    expected = ours()(rows, training=False)
    outputs = encode(ours(), rows, dtype="bfloat16")
    assert {value.dtype for value in outputs.values()} == {tf.float32}
    trained = ours(dtype="mixed_bfloat16")(rows, training=False)
    trained = {name: tf.cast(value, tf.float32) for name, value in trained.items()}
    allowed = 2.0 * largest_gap(trained, expected, rows)
    assert 1e-4 < largest_gap(outputs, expected, rows) < allowed


def test_padding_is_zero_in_the_sequence():
    rows = inputs((4, 1), longest=9)
    sequence = encode(ours(), rows)["sequence_output"].numpy()
    assert not sequence[rows["padding_mask"] == 0].any()
    assert sequence[rows["padding_mask"] == 1].any(axis=-1).all()


def test_row_without_a_token_changes_no_other_row():
    backbone, rows = ours(), inputs((5, 0, 2), longest=5)
    outputs = encode(backbone, rows)
    assert np.isfinite(outputs["sequence_output"]).all()
    expected = encode(backbone, {name: value[[0, 2]] for name, value in rows.items()})
    for name, value in expected.items():
        np.testing.assert_allclose(outputs[name].numpy()[[0, 2]], value, atol=1e-6)


def test_no_rows_give_no_outputs():
    outputs = encode(ours(), inputs((), longest=3))
    assert {name: value.shape.as_list() for name, value in outputs.items()} == {
        "sequence_output": [0, 3, 16],
        "pooled_output": [0, 16],
    }


def test_weights_are_those_at_the_time_it_is_made():
    backbone, rows = ours(), inputs()
    encoder = PackedEncoder(backbone, dtype="float32")
    before = encoder(rows)["pooled_output"].numpy()
    backbone.set_weights([weight * 0.5 for weight in backbone.get_weights()])
    np.testing.assert_array_equal(encoder(rows)["pooled_output"], before)


def test_takes_the_place_of_the_backbone_below_any_head():
    backbone, rows = ours(), inputs()
    outputs = backbone(backbone.input)
    tags = keras.layers.Dense(3, name="tags")(outputs["sequence_output"])
    label = keras.layers.Dense(2, name="label")(outputs["pooled_output"])
    model = keras.Model(backbone.input, {"tags": tags, "label": label})
    model.compile(optimizer="adam")
    encoder = PackedEncoder(backbone, dtype="float32")
    served = with_encoder(model, backbone, encoder)
    assert [weight.path for weight in served.weights] == [
        weight.path for name in ("label", "tags") for weight in model.get_layer(name).weights
    ]
    present = rows["padding_mask"][:, :, np.newaxis]
    expected, answered = model(rows, training=False), served(rows, training=False)
    np.testing.assert_allclose(answered["label"], expected["label"], atol=1e-5)
    np.testing.assert_allclose(answered["tags"] * present, expected["tags"] * present, atol=1e-5)


def test_constants_of_a_layer_stand_once_in_a_saved_model(tmp_path):
    """Its repetitions, and the signatures, call one function."""
    encoder = PackedEncoder(ours(), dtype="bfloat16")
    ids = tf.TensorSpec([None, None], tf.int32)
    names = ("token_ids", "segment_ids", "padding_mask")
    signatures = {
        name: tf.function(
            lambda ids, options=options: encoder(dict.fromkeys(names, ids), **options),
            autograph=False,
        ).get_concrete_function(ids)
        for name, options in (("pooled", {"pooled_only": True}), ("whole", {}))
    }
    tf.saved_model.save(encoder, str(tmp_path), signatures=signatures)
    saved = saved_model_pb2.SavedModel.FromString((tmp_path / "saved_model.pb").read_bytes())
    joined = [
        node
        for function in functions_of(saved.meta_graphs[0].graph_def)
        for node in function.node_def
        if node.op == "Const"
        and [dim.size for dim in node.attr["value"].tensor.tensor_shape.dim] == [16, 3 * 16]
    ]
    assert len(joined) == 1  # the kernel of query, key and value
