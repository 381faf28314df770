"""Checks that transformers loads an exported folder and gives the golden outputs.

Run with torch and transformers, the folder of a golden, and what `albert-tfx weights import` and
`albert-tfx weights export-hf` made of it:

    python tests/models/weights/check_export.py tests/models/weights/goldens/classifier exported
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import transformers


def main(golden, exported):
    name = json.loads((exported / "config.json").read_text())["architectures"][0]
    with np.load(golden / "golden.npz") as archive:
        arrays = dict(archive)
    pooler = (
        {}
        if "outputs/pooler_output" in arrays or name != "AlbertModel"
        else {"add_pooling_layer": False}
    )
    model, report = getattr(transformers, name).from_pretrained(
        exported, output_loading_info=True, **pooler
    )
    wrong = {key: value for key, value in report.items() if value}
    if wrong:
        raise SystemExit(f"{exported}: {wrong}")
    given = ("input_ids", "attention_mask", "token_type_ids")
    inputs = {key: torch.from_numpy(arrays[f"inputs/{key}"]) for key in given}
    with torch.no_grad():
        outputs = model.eval()(**inputs)
    compared = 0
    for key, value in outputs.items():
        np.testing.assert_array_equal(value.numpy(), arrays[f"outputs/{key}"])
        compared += 1
    tokenizer = transformers.AlbertTokenizer.from_pretrained(exported)
    ids = tokenizer("a fine film")["input_ids"]
    sys.stdout.write(f"{exported}: {name}, {compared} outputs equal, ids {ids}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
