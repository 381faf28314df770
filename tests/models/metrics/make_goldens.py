"""Writes the figures of seqeval on random tags into `goldens/seqeval.json` beside it.

Made with seqeval 1.2.2, which the project itself does not need, in an environment of its own:

    python -m tests.models.metrics.make_goldens
"""

import json
from pathlib import Path

from tests.models.metrics.random_tags import TYPES, random_sentences

GOLDEN = Path(__file__).resolve().parent / "goldens" / "seqeval.json"


def main():
    from seqeval.metrics import classification_report

    right, predicted = (list(tags) for tags in zip(*random_sentences(), strict=True))
    report = classification_report(right, predicted, output_dict=True)
    figures = {
        name: {key: float(report[name][key]) for key in ("precision", "recall", "f1-score")}
        for name in ("micro avg", *TYPES)
    }
    GOLDEN.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
