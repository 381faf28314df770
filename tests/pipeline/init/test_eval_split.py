import pytest

from models.tasks import create_task
from pipeline.init.eval_split import choose_eval_fraction
from pipeline.init.layout import detect_layout
from pipeline.init.roles import Roles

_ROLES = Roles(text=0, label=1, slices=(), unused={})


@pytest.fixture
def fraction(write_rows, any_task):
    def choose(rows, num_rows=None):
        layout = detect_layout(write_rows("rows.tsv", rows), header=False)
        task = create_task({"name": "classification", "labels": sorted({row[1] for row in rows})})
        return choose_eval_fraction(layout, _ROLES, task, num_rows or len(rows))

    return choose


def test_few_rows_give_a_fifth(fraction, messages):
    assert fraction(messages) == 0.2


@pytest.mark.parametrize(("num_rows", "expected"), [(2_000, 0.1), (200_000, 0.05)])
def test_many_rows_give_less(fraction, messages, num_rows, expected):
    assert fraction(messages, num_rows) == expected


def test_more_is_taken_where_a_label_would_be_missed(fraction, messages):
    # Texts whose hash puts them into eval at 0.3 and not at 0.2, found by trying.
    assert fraction([*messages[:40], *_texts_between(0.2, 0.3)]) == 0.3


def _texts_between(low: float, high: float) -> list[tuple[str, str]]:
    import hashlib

    def place(text: str) -> float:
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        return int.from_bytes(digest[8:], "little") / 2**64

    texts = (f"seldom seen {number}" for number in range(1000))
    inside = [text for text in texts if low < place(text) < high]
    outside = "seldom seen " + next(
        str(number) for number in range(1000) if place(f"seldom seen {number}") > high
    )
    return [(text, "seldom") for text in (*inside[:2], outside)]
