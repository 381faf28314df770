"""Logistic regression on TF-IDF, one for each label: what a bag of words can say about several."""

from __future__ import annotations

import numpy as np

from models.baselines.bag_of_words import TfidfLinear, Vectors, vectorize
from models.baselines.base import Rows
from models.baselines.tfidf import fit_logistic
from models.config import BaselinesConfig
from models.tasks.base import Task


def fit(rows: Rows, task: Task, config: BaselinesConfig) -> TfidfLinear:
    """Fits the baseline; a label that no row has, or every row, is answered as it was seen.

    Raises:
      UserError: If there is no word in the rows.
    """
    vectors = vectorize(rows, task, config, name="tfidf_one_vs_rest")
    fitted = [_fit_one(vectors, label_id) for label_id in range(len(task.labels))]
    return TfidfLinear(
        vectors.vectorizer,
        np.stack([coefficients for coefficients, _ in fitted], axis=1),
        np.array([intercept for _, intercept in fitted]),
        max_ngram=config.ngrams,
        task=task,
    )


def _fit_one(vectors: Vectors, label_id: int) -> tuple[np.ndarray, float]:
    """Returns the weight of each term for one label, `(num_terms,)`, and the constant."""
    targets = vectors.targets[:, label_id]
    if len(np.unique(targets)) < 2:
        return np.zeros(vectors.values.shape[1]), np.inf if targets[0] else -np.inf
    regression = fit_logistic(vectors.values, targets)
    return regression.coef_[0], float(regression.intercept_[0])
