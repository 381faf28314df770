"""Writes the golden files beside it: small ALBERT models of transformers, with what they answer.

Run with torch and transformers (made with Python 3.11, torch 2.13.0, transformers 5.23.0; those
whose name ends with `of_groups` with 5.24.0):

    python -m tests.models.weights.make_goldens

Each folder of `goldens/` holds a model as transformers saves it, and `golden.npz`: inputs with
padding and pairs, outputs, loss, and the gradient of every parameter of one training step, all
float32, without dropout. `goldens/spiece.model` is the vocabulary of all of them.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import sentencepiece
import torch
import transformers

from tests.models.golden_vocabulary import train_vocabulary

HERE = Path(__file__).resolve().parent / "goldens"
IGNORED = -100
SIZES = {
    "embedding_size": 16,
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 40,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "classifier_dropout_prob": 0.0,
    "initializer_range": 0.2,  # so that every part of the model matters to the outputs
}
SMALLER = {"hidden_size": 16, "intermediate_size": 24, "max_position_embeddings": 24}
GROUPS = {"num_hidden_groups": 2, "inner_group_num": 2}
CASES = {
    "model": ("AlbertModel", {"hidden_act": "gelu"}, {}),
    "model_without_pooler": (
        "AlbertModel",
        {"hidden_act": "gelu_new", "inner_group_num": 2},
        {"add_pooling_layer": False},
    ),
    "pretraining": (
        "AlbertForPreTraining",
        {"hidden_act": "gelu_new", "num_hidden_groups": 2, "inner_group_num": 2},
        {},
    ),
    "masked_lm": ("AlbertForMaskedLM", {"hidden_act": "gelu", "num_hidden_groups": 2}, {}),
    "classifier": (
        "AlbertForSequenceClassification",
        {"hidden_act": "gelu_new", "id2label": {0: "bad", 1: "good", 2: "mixed"}},
        {},
    ),
    "token_classifier": (
        "AlbertForTokenClassification",
        {**SMALLER, "hidden_act": "gelu_new", "id2label": {0: "O", 1: "B-PER", 2: "I-PER"}},
        {},
    ),
    "question_answering": ("AlbertForQuestionAnswering", {**SMALLER, "hidden_act": "gelu"}, {}),
    "multiple_choice": ("AlbertForMultipleChoice", {**SMALLER, "hidden_act": "gelu_new"}, {}),
    "model_of_groups": ("AlbertModel", {**SMALLER, **GROUPS, "hidden_act": "gelu_new"}, {}),
    "classifier_of_groups": (
        "AlbertForSequenceClassification",
        {**SMALLER, **GROUPS, "hidden_act": "gelu", "id2label": {0: "bad", 1: "good", 2: "mixed"}},
        {},
    ),
}
PICKLED = {"masked_lm": "zip", "model": "legacy"}
SHARDED = ("pretraining",)
SENTENCES = [
    "the film was long, dull and entirely without charm.",
    "a fine film: funny, warm, and never a minute too long!",
    "nobody in the audience laughed, and rightly so.",
    "in 1999, 2,500 people saw it on 12 evenings, or 1,000,000 in all.",
    'he said "no", she said yes, and both were (perhaps) right.',
    "it is a warm and funny film about people who never laugh.",
]
TEXTS = [
    "A fine film: funny and warm.",
    "The film was long, dull and without charm.",
    "Nobody laughed, and both were right!",
    "In 1999, people saw it on 12 evenings.",
    "warm",
]
TAGGED_TEXTS = ["A fine film.", "Nobody laughed!", "both were (right)", "warm"]
QUESTIONS = [
    ("a fine film", "it was", ["dull", "funny", "fine"]),
    ("people laughed", "who?", ["nobody", "people"]),
]
ASKED_OF_CONTEXTS = [
    ("who?", "nobody laughed!"),
    ("a film?", "a  FUNNY film"),
    ("the", "warm"),
]
MASKED_TEXTS = ["a [MASK] film", "[MASK] laughed, and both were [MASK]", "[MASK]"]
LONGEST_ANSWER, BEST_SPANS = 30, 20


def make_inputs(vocabulary_size, generator):
    """Three rows of 24, 17 and 6 tokens; the first two are pairs."""
    lengths, firsts = [24, 17, 6], [10, 5, 6]
    shape = (len(lengths), max(lengths))
    ids = generator.integers(5, vocabulary_size, shape)
    positions = np.arange(shape[1])
    mask = (positions < np.array(lengths)[:, None]).astype("int64")
    segments = (positions >= np.array(firsts)[:, None]).astype("int64") * mask
    return {"input_ids": ids * mask, "attention_mask": mask, "token_type_ids": segments}


def with_options(inputs):
    """Makes two questions of two options each, `(2, 2, 24)`; the first row is an option of both."""
    return {
        name: np.stack([value[:2], value[[0, 2]]]).astype("int64") for name, value in inputs.items()
    }


def make_targets(name, inputs, vocabulary_size, generator):
    shape = inputs["input_ids"].shape
    masked = (generator.random(shape) < 0.3) & (inputs["attention_mask"] == 1)
    words = np.where(masked, generator.integers(5, vocabulary_size, shape), IGNORED)
    return {
        "AlbertForPreTraining": {"labels": words, "sentence_order_label": np.array([0, 1, 1])},
        "AlbertForMaskedLM": {"labels": words},
        "AlbertForSequenceClassification": {"labels": np.array([2, 0, 1])},
        "AlbertForTokenClassification": {"labels": np.where(masked, words % 3, IGNORED)},
        "AlbertForQuestionAnswering": {
            "start_positions": np.array([3, 0, 2]),
            "end_positions": np.array([7, 0, 5]),
        },
        "AlbertForMultipleChoice": {"labels": np.array([1, 0])},
        "AlbertModel": {},
    }[name]


def weighted_sum(outputs, inputs, generator):
    """A loss for models without one: every output that is no padding, with a weight of its own."""
    weights = {
        "sequence_weights": generator.standard_normal(outputs["last_hidden_state"].shape)
        * inputs["attention_mask"][:, :, None]
    }
    if outputs.get("pooler_output") is not None:
        weights["pooled_weights"] = generator.standard_normal(outputs["pooler_output"].shape)
    weights = {name: value.astype("float32") for name, value in weights.items()}
    loss = (outputs["last_hidden_state"] * torch.from_numpy(weights["sequence_weights"])).sum()
    if "pooled_weights" in weights:
        loss = loss + (outputs["pooler_output"] * torch.from_numpy(weights["pooled_weights"])).sum()
    return loss, weights


def randomize(model, generator):
    """Biases and norms start as 0 and 1, which would hide a mistake in their names."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias") or "LayerNorm" in name or "layer_norm" in name:
                noise = generator.standard_normal(tuple(parameter.shape)) * 0.2
                parameter.add_(torch.from_numpy(noise.astype("float32")))


def make_golden(name, model, vocabulary_size, generator):
    inputs = make_inputs(vocabulary_size, generator)
    if type(model).__name__ == "AlbertForMultipleChoice":
        inputs = with_options(inputs)
    targets = make_targets(type(model).__name__, inputs, vocabulary_size, generator)
    given = {key: torch.from_numpy(value) for key, value in (inputs | targets).items()}
    outputs = model.eval()(**given)
    arrays = {f"inputs/{key}": value for key, value in (inputs | targets).items()}
    loss = outputs.get("loss")
    if loss is None:
        loss, weights = weighted_sum(outputs, inputs, generator)
        arrays |= {f"inputs/{key}": value for key, value in weights.items()}
    loss.backward()
    arrays["loss"] = loss.detach().numpy()
    for key, value in outputs.items():
        if key != "loss" and value is not None:
            arrays[f"outputs/{key}"] = value.detach().numpy()
    for key, parameter in model.named_parameters():
        if parameter.grad is not None:
            arrays[f"gradients/{key}"] = parameter.grad.numpy()
    np.savez_compressed(HERE / name / "golden.npz", **arrays)


def save(name, model):
    folder = HERE / name
    if name in PICKLED:
        folder.mkdir()
        model.config.architectures = [type(model).__name__]
        model.config.save_pretrained(folder)
        torch.save(
            model.state_dict(),
            folder / "pytorch_model.bin",
            _use_new_zipfile_serialization=PICKLED[name] == "zip",
        )
    else:
        model.save_pretrained(folder, max_shard_size="40KB" if name in SHARDED else "5GB")
    for path in folder.iterdir():
        path.chmod(0o644)


def answer_texts(folder):
    """What the text classification pipeline answers, with the tokenizer of transformers itself."""
    shutil.copy(HERE / "spiece.model", folder)
    pipeline = transformers.pipeline(
        "text-classification",
        model=transformers.AutoModelForSequenceClassification.from_pretrained(folder),
        tokenizer=transformers.AlbertTokenizer.from_pretrained(folder),
        top_k=None,
    )
    answers = [
        {"text": text, "probabilities": {row["label"]: row["score"] for row in rows}}
        for text, rows in zip(TEXTS, pipeline(TEXTS), strict=True)
    ]
    (folder / "spiece.model").unlink()
    (folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")


def answer_questions(folder):
    """What the model answers to questions, as the run_swag example of transformers asks it."""
    shutil.copy(HERE / "spiece.model", folder)
    model = transformers.AutoModelForMultipleChoice.from_pretrained(folder).eval()
    tokenizer = transformers.AlbertTokenizer.from_pretrained(folder)
    answers = []
    for passage, question, options in QUESTIONS:
        answered = [f"{question} {option}" for option in options]
        inputs = tokenizer(
            [passage] * len(options),
            answered,
            padding=True,
            return_token_type_ids=True,
            return_tensors="pt",
        )
        with torch.no_grad():
            logits = model(**{key: value[None] for key, value in inputs.items()}).logits[0]
        answers.append(
            {
                "passage": passage,
                "question": question,
                "options": options,
                "probabilities": logits.softmax(dim=0).tolist(),
            }
        )
    (folder / "spiece.model").unlink()
    (folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")


def tag_texts(folder):
    """What the pipeline says of each piece, with the tokenizer of transformers itself."""
    shutil.copy(HERE / "spiece.model", folder)
    pipeline = transformers.pipeline(
        "token-classification",
        model=transformers.AutoModelForTokenClassification.from_pretrained(folder),
        tokenizer=transformers.AlbertTokenizer.from_pretrained(folder),
        ignore_labels=[],
    )
    answers = [
        {
            "text": text,
            "pieces": [
                {"start": row["start"], "end": row["end"], "tag": row["entity"]}
                | {"probability": float(row["score"])}
                for row in rows
            ],
        }
        for text, rows in zip(TAGGED_TEXTS, pipeline(TAGGED_TEXTS), strict=True)
    ]
    (folder / "spiece.model").unlink()
    (folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")


def answer_contexts(folder):
    """The best spans by the logits of the model: all are tried, no answer is `[CLS]`."""
    shutil.copy(HERE / "spiece.model", folder)
    model = transformers.AutoModelForQuestionAnswering.from_pretrained(folder).eval()
    tokenizer = transformers.AlbertTokenizer.from_pretrained(folder)
    answers = []
    for question, context in ASKED_OF_CONTEXTS:
        encoded = tokenizer(
            question,
            context,
            return_offsets_mapping=True,
            return_token_type_ids=True,
            return_tensors="pt",
        )
        places, parts = encoded.pop("offset_mapping")[0].tolist(), encoded.sequence_ids(0)
        with torch.no_grad():
            outputs = model(**encoded)
        starts, ends = outputs.start_logits[0].tolist(), outputs.end_logits[0].tolist()
        pieces = [index for index, part in enumerate(parts) if part == 1]
        spans = [
            (starts[first] + ends[last], places[first][0], places[last][1])
            for first in pieces
            for last in pieces
            if first <= last < first + LONGEST_ANSWER
        ]
        spans = sorted(spans, reverse=True)[:BEST_SPANS]
        answers.append(
            {
                "question": question,
                "context": context,
                "spans": [
                    {"score": score, "start": start, "end": end} for score, start, end in spans
                ],
                "null_score": starts[0] + ends[0],
            }
        )
    (folder / "spiece.model").unlink()
    (folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")


def fill_masks(folder):
    """What the pipeline puts in the place of each mask."""
    shutil.copy(HERE / "spiece.model", folder)
    pipeline = transformers.pipeline(
        "fill-mask",
        model=transformers.AutoModelForMaskedLM.from_pretrained(folder),
        tokenizer=transformers.AlbertTokenizer.from_pretrained(folder),
        top_k=5,
    )
    answers = []
    for text in MASKED_TEXTS:
        found = pipeline(text)
        masks = found if isinstance(found[0], list) else [found]
        answers.append(
            {
                "text": text,
                "tokens": [[row["token"] for row in rows] for rows in masks],
                "scores": [[row["score"] for row in rows] for rows in masks],
            }
        )
    (folder / "spiece.model").unlink()
    (folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    vocabulary = train_vocabulary(SENTENCES, size=96)
    (HERE / "spiece.model").write_bytes(vocabulary)
    processor = sentencepiece.SentencePieceProcessor(model_proto=vocabulary)
    vocabulary_size = processor.get_piece_size()
    for seed, (name, (class_name, options, arguments)) in enumerate(CASES.items()):
        torch.manual_seed(seed)
        generator = np.random.default_rng(seed)
        config = transformers.AlbertConfig(vocab_size=vocabulary_size, **(SIZES | options))
        model = getattr(transformers, class_name)(config, **arguments)
        randomize(model, generator)
        save(name, model)
        make_golden(name, model, vocabulary_size, generator)
    answer_texts(HERE / "classifier")
    tag_texts(HERE / "token_classifier")
    answer_questions(HERE / "multiple_choice")
    answer_contexts(HERE / "question_answering")
    fill_masks(HERE / "masked_lm")


if __name__ == "__main__":
    main()
