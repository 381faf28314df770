"""Ridge regression on TF-IDF: what a bag of words can say about a score."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import Ridge

from models.baselines.bag_of_words import TfidfLinear, vectorize
from models.baselines.base import Rows
from models.config import BaselinesConfig
from models.tasks.base import Task


def fit(rows: Rows, task: Task, config: BaselinesConfig) -> TfidfLinear:
    """Fits the baseline with scikit-learn's own regularisation, 1.

    Raises:
      UserError: If there is no word in the rows.
    """
    vectors = vectorize(rows, task, config, name="tfidf_ridge")
    ridge = Ridge().fit(vectors.values, vectors.targets.astype(np.float64))
    return TfidfLinear(
        vectors.vectorizer,
        ridge.coef_[:, np.newaxis],
        np.array([ridge.intercept_]),
        max_ngram=config.ngrams,
        task=task,
    )
