"""The peer of the training benchmark: transformers and PyTorch, set up as its users are told to.

bf16 autocast, batches of like lengths (`group_by_length`) padded to their longest row, AdamW and
clipping; on a GPU also SDPA and `torch.compile`. A bare loop, without the costs of its Trainer.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import torch
import transformers
from transformers.trainer_pt_utils import get_length_grouped_indices

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.training.workload import (
    CLIP_NORM,
    LEARNING_RATE,
    PRODUCT_SIZE,
    SIZES,
    VOCABULARY_SIZE,
    WEIGHT_DECAY,
    Workload,
    best_rate,
    spread,
)
from benchmarks.worker import answer

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def main() -> None:
    """Answers requests for the workload whose file is the only argument."""
    workload = Workload.read(sys.argv[1])
    model = _model(workload)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    batches = _batches(workload)

    def measure() -> dict[str, float]:
        start = time.perf_counter()
        tokens = padded = 0
        for batch in batches:
            tokens += int(batch["attention_mask"].sum())
            padded += batch["attention_mask"].numel()
            loss = _step(model, optimizer, batch)
        loss.item()  # waits for a GPU
        seconds = time.perf_counter() - start
        return {
            "seconds": seconds,
            "tokens": tokens,
            "padded": padded,
            "peak_gib": _peak_bytes() / 2**30,
        }

    measure()
    answer(measure, {"versions": _versions(), "product_flops": _product_rate()})


def _model(workload: Workload) -> torch.nn.Module:
    numbers = SIZES[workload.size]
    config = transformers.AlbertConfig(
        vocab_size=VOCABULARY_SIZE,
        embedding_size=128,
        hidden_size=numbers["hidden_dim"],
        num_hidden_layers=numbers["num_layers"],
        num_attention_heads=numbers["num_heads"],
        intermediate_size=numbers["intermediate_dim"],
        attention_probs_dropout_prob=0.0,
        hidden_dropout_prob=0.0,
        num_labels=2,
        attn_implementation="sdpa",
    )
    model = transformers.AlbertForSequenceClassification(config).to(DEVICE).train()
    if workload.checkpointing:
        model.gradient_checkpointing_enable()
    return torch.compile(model) if DEVICE.type == "cuda" else model


def _batches(workload: Workload) -> list[dict[str, torch.Tensor]]:
    """Returns batches of like lengths that stand for an epoch."""
    torch.manual_seed(0)
    lengths = [len(ids) for ids, _ in workload.rows]
    order = get_length_grouped_indices(lengths, workload.batch_size)
    starts = range(0, len(order) - workload.batch_size + 1, workload.batch_size)
    epoch = [
        _pad([workload.rows[row] for row in order[start : start + workload.batch_size]])
        for start in starts
    ]
    chosen = spread([batch["input_ids"].shape[1] for batch in epoch], workload.steps)
    return [epoch[place] for place in chosen]


def _pad(rows: list[tuple[list[int], int]]) -> dict[str, torch.Tensor]:
    longest = max(len(ids) for ids, _ in rows)
    return {
        "input_ids": torch.tensor([[*ids, *[0] * (longest - len(ids))] for ids, _ in rows]),
        "attention_mask": torch.tensor(
            [[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows]
        ),
        "labels": torch.tensor([label for _, label in rows]),
    }


def _step(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, batch: dict[str, torch.Tensor]
) -> torch.Tensor:
    batch = {name: value.to(DEVICE) for name, value in batch.items()}
    with torch.autocast(DEVICE.type, dtype=torch.bfloat16):
        loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
    optimizer.step()
    optimizer.zero_grad()
    return loss


def _product_rate() -> float:
    a = torch.randn(PRODUCT_SIZE, PRODUCT_SIZE, dtype=torch.bfloat16, device=DEVICE)
    b = torch.randn(PRODUCT_SIZE, PRODUCT_SIZE, dtype=torch.bfloat16, device=DEVICE)

    def multiply(count: int) -> float:
        for _ in range(count):
            product = a @ b
        return float(product[0, 0])

    return best_rate(multiply)


def _peak_bytes() -> int:
    """Returns the peak of the tensors on a GPU; without one, of the process."""
    if DEVICE.type == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _versions() -> str:
    return f"transformers {transformers.__version__}, PyTorch {torch.__version__}"


if __name__ == "__main__":
    main()
