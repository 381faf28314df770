"""What the command line needs for its help, its checks and its reports comes without TensorFlow."""

import subprocess
import sys
from pathlib import Path

import pytest

MODULES = [
    "components.evaluation.gate",
    "components.publish.config",
    "components.publish.publication",
    "components.serving_check.config",
    "components.serving_check.result",
    "pipeline.predict",
    "serving.client",
    "serving.control.watch",
    "serving.fingerprint",
    "serving.gateway.server",
    "serving.inventory",
    "serving.predict",
]
HEAVY = "import sys; print({'tensorflow', 'keras', 'tfx', 'apache_beam'} & sys.modules.keys())"


@pytest.mark.parametrize("module", MODULES)
def test_a_light_module_imports_nothing_heavy(module):
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}; {HEAVY}"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"
