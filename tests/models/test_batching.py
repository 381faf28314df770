import numpy as np
import pytest
import tensorflow as tf

from models.batching import EpochSize, TransformedSplit
from models.tasks import create_task
from models.tasks.classification import Classification
from models.tokenizer import AlbertTokenizer
from schemas import features as keys
from schemas.errors import UserError
from tests.models.tiny_training import FEATURE_SPEC, TASK, texts, write_split

NUM_ROWS = 1100
BATCH_SIZE = 8


@pytest.fixture(scope="module")
def split(tmp_path_factory, vocabulary):
    """More rows than a pool of 512 holds, the last batch of an epoch with four."""
    folder = tmp_path_factory.mktemp("rows")
    return write_split(folder, texts(NUM_ROWS), AlbertTokenizer(vocabulary))


@pytest.fixture(scope="module")
def epoch(split):
    return split.measure(BATCH_SIZE)


def rows(batches):
    """Returns every row of some batches, unpadded, with its target."""
    return [
        (tuple(ids[: sum(mask)]), label)
        for inputs, target in batches.as_numpy_iterator()
        for ids, mask, label in zip(
            inputs[keys.TOKEN_IDS].tolist(),
            inputs[keys.PADDING_MASK].tolist(),
            target.tolist(),
            strict=True,
        )
    ]


def first_epoch(split, epoch, **options):
    return split.training_batches(epoch, **{"seed": 0, **options}).take(epoch.batches)


def test_epoch_has_every_row_once(split, epoch):
    assert sorted(rows(first_epoch(split, epoch))) == sorted(rows(split.evaluation_batches(epoch)))
    assert len(rows(first_epoch(split, epoch))) == NUM_ROWS


def test_second_epoch_has_every_row_once(split, epoch):
    second = split.training_batches(epoch, seed=0).skip(epoch.batches).take(epoch.batches)
    assert sorted(rows(second)) == sorted(rows(split.evaluation_batches(epoch)))


def test_order_is_the_same_for_the_same_seed(split, epoch):
    assert rows(first_epoch(split, epoch)) == rows(first_epoch(split, epoch))


@pytest.mark.parametrize("process_seed", [0, 7])
def test_order_does_not_depend_on_the_seed_of_the_process(split, epoch, process_seed):
    expected = rows(first_epoch(split, epoch))
    tf.random.set_seed(process_seed)
    assert rows(first_epoch(split, epoch)) == expected


def test_order_is_another_for_another_seed(split, epoch):
    assert rows(first_epoch(split, epoch)) != rows(first_epoch(split, epoch, seed=1))


def test_order_is_another_in_the_second_epoch(split, epoch):
    both = list(rows(split.training_batches(epoch, seed=0).take(2 * epoch.batches)))
    assert both[:NUM_ROWS] != both[NUM_ROWS:]


@pytest.mark.parametrize("start_step", [1, 137, 138, 200, 290])
def test_starting_later_goes_on_with_the_same_batches(split, epoch, start_step):
    whole = split.training_batches(epoch, seed=3).take(start_step + 5)
    late = split.training_batches(epoch, seed=3, start_step=start_step).take(5)
    assert rows(whole.skip(start_step)) == rows(late)


def test_batch_is_padded_to_its_longest_row(split, epoch):
    for inputs, _ in split.evaluation_batches(epoch):
        mask = inputs[keys.PADDING_MASK].numpy()
        assert mask.sum(axis=1).max() == mask.shape[1]


def test_batches_hold_rows_of_like_lengths(split, epoch):
    assert epoch.padding_ratio < 0.02


def test_epoch_is_measured(split, epoch):
    masks = [inputs[keys.PADDING_MASK] for inputs, _ in split.evaluation_batches(epoch)]
    assert epoch == EpochSize(
        batch_size=BATCH_SIZE,
        rows=NUM_ROWS,
        batches=138,
        tokens=sum(int(np.sum(mask)) for mask in masks),
        padded_tokens=sum(int(np.size(mask)) for mask in masks),
    )


@pytest.mark.parametrize(("epochs", "steps"), [(1.0, 138), (3.0, 414), (0.5, 69), (0.001, 1)])
def test_epochs_make_steps(epoch, epochs, steps):
    assert epoch.steps(epochs) == steps


def test_every_batch_has_one_signature_so_that_training_is_traced_once(split, epoch):
    inputs, target = split.training_batches(epoch, seed=0).element_spec
    assert {name: (spec.shape.rank, spec.dtype) for name, spec in inputs.items()} == dict.fromkeys(
        (keys.TOKEN_IDS, keys.SEGMENT_IDS, keys.PADDING_MASK), (2, tf.int32)
    )
    assert all(spec.shape.as_list() == [None, None] for spec in inputs.values())
    assert target == tf.TensorSpec([None], tf.int64)


def test_evaluation_tells_how_many_batches_it_has(split, epoch):
    assert split.evaluation_batches(epoch).cardinality().numpy() == epoch.batches


def test_first_rows_come_with_their_ids(split):
    rows = split.first_rows(3)
    ids = rows[keys.ROW_ID].numpy().tolist()
    assert ids == [b"rows.tsv:0", b"rows.tsv:2", b"rows.tsv:4"]  # of the first shard
    assert rows[keys.TOKEN_IDS].nrows() == 3


def test_first_rows_are_all_where_there_are_fewer(split):
    assert len(split.first_rows(NUM_ROWS + 1)[keys.ROW_ID]) == NUM_ROWS


def test_unpadded_batches_hold_every_row_once(split):
    rows = list(split.unpadded_batches(8))
    ids = [row_id for batch in rows for row_id in batch[keys.ROW_ID].numpy().tolist()]
    assert len(ids) == len(set(ids)) == NUM_ROWS


def test_missing_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="nothing matches"):
        TransformedSplit([f"{tmp_path}/*"], FEATURE_SPEC, create_task(TASK))


def test_empty_split_is_refused(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "empty.gz"), "GZIP"):
        pass
    split = TransformedSplit([f"{tmp_path}/*"], FEATURE_SPEC, create_task(TASK))
    with pytest.raises(UserError, match=r"must have rows; there are none in .*empty\.gz"):
        split.measure(8)
    with pytest.raises(UserError, match="must have rows"):
        split.first_rows(8)


@pytest.mark.parametrize(
    ("missing", "message"),
    [(keys.LABEL_ID, "must have a target"), (keys.ROW_ID, "must have row_id")],
)
def test_rows_without_target_or_id_are_refused(tmp_path, missing, message):
    (tmp_path / "rows.gz").touch()
    spec = {name: feature for name, feature in FEATURE_SPEC.items() if name != missing}
    with pytest.raises(UserError, match=message):
        TransformedSplit([f"{tmp_path}/*"], spec, create_task(TASK))


class _Drawing(Classification):
    """Gives the seed of a batch as its target."""

    def batch(self, rows, *, seed):
        return super().batch(rows, seed=seed)[0], seed


def test_a_batch_has_its_own_seed_which_a_run_that_goes_on_finds_again(split, epoch):
    task = _Drawing(create_task(TASK).options)
    drawing = TransformedSplit(split._files, FEATURE_SPEC, task)

    def seeds(batches, count=5):
        return [tuple(seed.tolist()) for _, seed in batches.take(count).as_numpy_iterator()]

    drawn = seeds(drawing.training_batches(epoch, seed=3))
    assert len(set(drawn)) == 5
    assert seeds(drawing.training_batches(epoch, seed=3, start_step=2), 3) == drawn[2:]
    assert not set(seeds(drawing.training_batches(epoch, seed=4))) & set(drawn)
    kept = drawing.evaluation_batches(epoch)
    assert seeds(kept) == seeds(kept)
    assert not set(seeds(kept)) & set(drawn)


@pytest.mark.parametrize(("limit", "count"), [(NUM_ROWS + 1, NUM_ROWS), (50, 50)])
def test_targets_are_those_of_the_rows(split, limit, count):
    targets = split.targets(limit)[keys.LABEL_ID]
    assert targets.shape == (count,)
    assert set(targets.tolist()) == {0, 1, 2}
