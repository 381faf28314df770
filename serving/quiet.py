"""Keeps what libraries say of themselves apart from what a command has to say."""

import logging
import os
import warnings


def silence_libraries() -> None:
    """Keeps what TensorFlow and Google's clients say at import and load out of the answers.

    Called before TensorFlow is imported; TF_CPP_MIN_LOG_LEVEL=0 in the environment brings its own
    messages back.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
