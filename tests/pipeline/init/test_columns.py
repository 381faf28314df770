import pytest

from pipeline.init.columns import describe, profile_column, say_the_same


def _profile(values, column="x"):
    return profile_column(column, [{str(column): value} for value in values])


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (["what a good film", "so bad", "not at all"], {"is_wordy"}),
        (["我们今天收到订单", "服务速度太慢了", "谢谢"], {"is_wordy"}),
        (["good", "bad"] * 10, {"has_few_values"}),
        (["1", "0"] * 10, {"has_few_values", "are_codes"}),
        (["1.0", "0.0"] * 10, {"has_few_values", "are_codes"}),
        ([str(number) for number in range(77)] * 9, {"has_few_values", "are_codes"}),
        ([str(year) for year in range(1900, 2000, 4)] * 20, {"has_few_values"}),
        ([f"{number / 7:.2f}" for number in range(40)], {"is_scale"}),
        ([str(number) for number in range(40)], {"counts_up", "are_codes"}),
        (["2024-01-01 10:00", "2024-01-02 11:00"], set()),
        (["x0192a", "x8812b"], set()),
        (["", " "], set()),
    ],
)
def test_kinds_of_columns(values, kinds):
    profile = _profile(values)
    names = ("is_wordy", "has_few_values", "are_codes", "is_scale", "counts_up")
    assert {name for name in names if getattr(profile, name)} == kinds


def test_white_space_and_missing_values_are_set_aside():
    profile = profile_column("x", [{"x": " a "}, {"x": "a"}, {"x": ""}, {}])
    assert profile.values == {"a": 2}
    assert profile.empty_share == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("pairs", "same"),
    [
        ([("1", "pos"), ("0", "neg"), ("1", "pos")], True),
        ([("1", "pos"), ("0", "neg"), ("1", "neg")], False),
        ([("1", "a"), ("0", "b"), ("2", "b")], False),
    ],
)
def test_columns_say_the_same_when_they_group_alike(pairs, same):
    rows = [{"0": first, "1": second} for first, second in pairs]
    assert say_the_same(0, 1, rows) is same


def test_columns_are_described_by_values_and_example():
    shown = describe([_profile(["good", "bad"], column="label"), _profile([""], column=3)])
    assert shown == "label (2 different values, such as 'good'); column 3 (0 different values)"
