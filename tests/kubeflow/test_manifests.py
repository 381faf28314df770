"""The manifests of TensorFlow Serving on Kubernetes, against the schemas of Kubernetes."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from typer.main import get_command

from pipeline.cli import app
from serving.control.model_config import MODEL_CONFIG_FILE
from serving.server.flags import parse_flags
from serving.tuning.files import BATCHING_FILE, MONITORING_FILE

SERVING = Path(__file__).parents[2] / "kubeflow" / "serving"
BASE = sorted(path for path in (SERVING / "base").glob("*.yaml") if path.stem != "kustomization")
KUBERNETES = "1.31"
CUSTOM = {"PodMonitor"}
"""Kinds of the Prometheus operator, which Kubernetes has no schema of."""


@cache
def manifest(name):
    return yaml.safe_load((SERVING / "base" / f"{name}.yaml").read_text("utf-8"))


def container(name):
    containers = manifest("deployment")["spec"]["template"]["spec"]["containers"]
    return next(item for item in containers if item["name"] == name)


def built(overlay):
    """Returns the objects of an overlay, as kubectl would apply them."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl, no package of Python's, is not installed: see .ci/packages")
    done = subprocess.run(
        ["kubectl", "kustomize", str(SERVING / overlay)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {item["kind"]: item for item in yaml.safe_load_all(done.stdout)}


def validate(item):
    if item["kind"] not in CUSTOM:
        kubernetes_validate.validate(item, KUBERNETES, strict=True)


def test_every_file_is_a_resource():
    listed = yaml.safe_load((SERVING / "base" / "kustomization.yaml").read_text("utf-8"))
    assert sorted(listed["resources"]) == [path.name for path in BASE]


@pytest.mark.parametrize("path", [path for path in BASE if path.stem != "deployment"], ids=str)
def test_the_files_are_valid(path):
    validate(yaml.safe_load(path.read_text("utf-8")))


@pytest.mark.parametrize("overlay", ["base", "gpu"])
def test_what_is_applied_is_valid(overlay):
    objects = built(overlay)
    for item in objects.values():
        validate(item)
    selector = objects["Deployment"]["spec"]["selector"]["matchLabels"]
    assert objects["Service"]["spec"]["selector"] == selector
    assert objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == selector
    assert objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == selector
    assert (
        selector.items() <= objects["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    )


def test_the_gpu_overlay_asks_for_a_gpu():
    pod = built("gpu")["Deployment"]["spec"]["template"]["spec"]
    serving = next(item for item in pod["containers"] if item["name"] == "serving")
    assert serving["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert serving["image"].endswith("-gpu")
    assert len(pod["containers"]) == 2


def test_the_server_knows_its_flags_and_reads_what_publish_writes():
    arguments = container("serving")["args"]
    parse_flags(arguments)
    for name in (MODEL_CONFIG_FILE, BATCHING_FILE, MONITORING_FILE):
        assert any(argument.endswith(f"=/models/albert/{name}") for argument in arguments)


def test_the_gateway_takes_its_options():
    command, *arguments = container("gateway")["command"][1:] + container("gateway")["args"]
    with get_command(app).get_command(None, command).make_context(command, arguments) as context:
        assert context.params["host"] == "0.0.0.0"
        assert context.params["upstream"] == "grpc://localhost:8500"


@pytest.mark.parametrize("name", ["serving", "gateway"])
def test_no_container_is_root_or_writes_its_root(name):
    pod = manifest("deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    context = container(name)["securityContext"]
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    models = [mount for mount in container(name)["volumeMounts"] if mount["name"] == "models"]
    assert models == [{"name": "models", "mountPath": "/models/albert", "readOnly": True}]


def test_ports_have_the_names_by_which_they_are_asked():
    names = {port["name"] for one in ("serving", "gateway") for port in container(one)["ports"]}
    asked = {port["targetPort"] for port in manifest("service")["spec"]["ports"]}
    asked |= {end["port"] for end in manifest("podmonitor")["spec"]["podMetricsEndpoints"]}
    policy = manifest("networkpolicy")["spec"]["ingress"]
    asked |= {port["port"] for rule in policy for port in rule["ports"]}
    asked |= {container("serving")["readinessProbe"]["httpGet"]["port"]}
    assert asked == names - {"serving-grpc"}
