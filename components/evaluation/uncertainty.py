"""How far a measurement on few rows may be off by chance."""

import math
from typing import Final

FEW_ROWS: Final = 200
"""From here on the 95 % interval of a share reaches 7 points to either side at most."""

_DEVIATIONS: Final = 1.96
"""Standard errors that the 95 % interval of a normal distribution reaches to either side."""


def few_rows_note(num_rows: int) -> str:
    """Returns how much a share of right answers can be worth; nothing where the rows are enough.

    The standard error of a mean of values between 0 and 1 is `0.5 / sqrt(num_rows)` at most.

    >>> few_rows_note(20)
    'a share of right answers among so few is off by up to ±22 points by chance (95 % interval; ...
    >>> few_rows_note(200)
    ''
    """
    if not 0 < num_rows < FEW_ROWS:
        return ""
    error = 50.0 / math.sqrt(num_rows)
    return (
        f"a share of right answers among so few is off by up to ±{_DEVIATIONS * error:.0f} points "
        f"by chance (95 % interval; standard error {error:.0f}), so passing a threshold says "
        f"little; label more rows: {FEW_ROWS} bring it to ±7"
    )
