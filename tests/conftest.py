"""Quiet TensorFlow for every test, set before anything imports it; patience with busy machines."""

import os

from hypothesis import HealthCheck, settings

# The C++ side logs every kernel and plugin it registers; 3 leaves fatal errors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# A test that needs a GPU asks for it by its marker; the rest must not take its memory whole.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
