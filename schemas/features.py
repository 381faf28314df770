"""Every feature, signature and artifact key, as a constant (standard library only)."""

from typing import Final

# Raw features, as ingest writes them into tf.Example.
TEXT: Final = "text"
TEXT_PAIR: Final = "text_pair"
"""The second text of a row of two."""
LABEL: Final = "label"
LABEL_ID: Final = "label_id"
LABEL_VECTOR: Final = "label_vector"
"""1 for each label that a row of a multi-label task has, 0 for the others."""
SCORE: Final = "score"
"""What regression learns and answers."""
ROW_ID: Final = "row_id"
"""`file name:line` of the row, so that an anomaly or a wrong answer can be traced to its source."""
DOCUMENT: Final = "document"
"""Consecutive sentences, one a line: what pretraining learns from."""
HIDDEN_WORDS: Final = "hidden_words"
"""The words that stood where a text to fill in has `[MASK]`."""
SENTENCE_ORDER: Final = "sentence_order"
"""0 if the first of two segments comes first, 1 if the second does, -1 where there is one."""
SENTENCES: Final = "sentences"
"""Number of sentences as a range: a slice of every evaluation of pretraining."""
LENGTH_BUCKET: Final = "length_bucket"
"""Number of words as a range ("9-16"): a slice of every evaluation."""
PASSAGE: Final = "passage"
QUESTION: Final = "question"
OPTIONS: Final = "options"
"""The answers that a question may have, a list."""
ANSWER: Final = "answer"
LEVEL: Final = "level"
NUM_OPTIONS: Final = "num_options"
QUESTION_LENGTH: Final = "question_length"
"""Number of words of the question as a range: a slice of every evaluation."""

# Raw features and columns of tagging.
WORDS: Final = "words"
TAGS: Final = "tags"
ENTITIES: Final = "entities"
"""The entities of a text as one text, `0:5:person 9:14:location`: see models.tagging.spans."""
ENTITY_TYPE: Final = "entity_type"
"""The types that stand in a text, each once, or "none": a slice of every evaluation."""

# Transformed features, as tf.Transform writes them.
TOKEN_IDS: Final = "token_ids"
SEGMENT_IDS: Final = "segment_ids"
PADDING_MASK: Final = "padding_mask"
OPTION_LENGTHS: Final = "option_lengths"
"""Tokens of each option of a row, whose tokens stand one option after the other."""
MASKED_POSITIONS: Final = "masked_positions"
WORD_STARTS: Final = "word_starts"
WORD_ENDS: Final = "word_ends"
"""What the word covers that a token is the first of, in code points; -1 for all other tokens."""
ENTITY_STARTS: Final = "entity_starts"
ENTITY_ENDS: Final = "entity_ends"
ENTITY_TYPE_IDS: Final = "entity_type_ids"

# Splits of the Examples artifacts.
TRAIN: Final = "train"
EVAL: Final = "eval"
TEST: Final = "test"

# Signatures of every served model, the baselines too.
SERVING_DEFAULT: Final = "serving_default"
"""Raw text features by name -> decoded answers."""
EXAMPLES_SIGNATURE: Final = "examples"
"""Serialized tf.Examples of the raw features -> decoded answers (TFMA, bulk inference)."""
SERIALIZED_EXAMPLES: Final = "examples"
"""Name of the examples signature's one input, string `(batch,)`."""

# Decoded outputs of classification.
PREDICTED_LABEL: Final = "label"
PROBABILITY: Final = "probability"
PROBABILITIES: Final = "probabilities"
LABELS: Final = "labels"
CHOSEN: Final = "chosen"
"""The labels that a multi-label task gives a text."""

# Decoded outputs of multiple choice, beside the probabilities.
INDEX: Final = "index"
OPTION: Final = "option"

# Decoded outputs of pretraining.
TOKENS: Final = "tokens"
SCORES: Final = "scores"
IN_ORDER: Final = "in_order"

# Decoded outputs of tagging, lists filled up to the longest of the batch, beside ENTITIES and
# SCORES.
TYPES: Final = "types"
TEXTS: Final = "texts"
STARTS: Final = "starts"
ENDS: Final = "ends"

# Keys of the component inputs and outputs.
EXAMPLES: Final = "examples"
QUARANTINE: Final = "quarantine"
STATISTICS: Final = "statistics"
PREVIOUS_STATISTICS: Final = "previous_statistics"
SCHEMA: Final = "schema"
ANOMALIES: Final = "anomalies"
VOCABULARY: Final = "vocabulary"
TRANSFORM_GRAPH: Final = "transform_graph"
MODEL: Final = "model"
CHAMPION: Final = "champion"
BASELINES: Final = "baselines"
EVALUATION: Final = "evaluation"
BLESSING: Final = "blessing"
SERVING_BLESSING: Final = "serving_blessing"
PUSHED_MODEL: Final = "pushed_model"
TUNER_RESULTS: Final = "tuner_results"

NONE_FOUND: Final = "none_found"
"""Custom property, 1 on an artifact that stands for none: Kubeflow knows no empty input."""

# Files inside the artifacts.
INGEST_SUMMARY_FILE: Final = "summary.json"
VOCABULARY_FILE: Final = "spiece.model"
VERDICT_FILE: Final = "verdict.json"
SERVING_CHECK_FILE: Final = "serving_check.json"
PUBLICATION_FILE: Final = "publication.json"
TRAINING_SUMMARY_FILE: Final = "training.json"
TRIALS_FILE: Final = "trials.json"
MODEL_INFO_FILE: Final = "albert_tfx.json"
"""Under `assets.extra/` of every SavedModel: see schemas.model_info."""
REFERENCE_FILE: Final = "reference.json"
"""Under `assets.extra/` of a candidate: the trainer's own answers to some rows, by row_id."""
WARMUP_FILE: Final = "tf_serving_warmup_requests"
"""Under `assets.extra/`, a TFRecord of PredictionLog; TensorFlow Serving fixes the name."""
