"""Small clients of a running gateway."""

import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from serving.client import Client, RetryPolicy

ONCE = RetryPolicy(attempts=1)


def url_of(gateway, scheme):
    return f"{scheme}://localhost:{gateway.port if scheme == 'grpc' else gateway.rest_port}"


def fetch(gateway, path, data=None, method=None, headers=()):
    url = f"http://localhost:{gateway.rest_port}{path}"
    request = urllib.request.Request(url, data, dict(headers))
    request.method = method or request.get_method()
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def counted(gateway, name):
    """Returns the samples of a metric by their labels' values, the labels in order."""
    families = text_string_to_metric_families(gateway.metrics.render().decode())
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if sample.name == name
    }


def ask(gateway, scheme, texts, **choice):
    with Client(url_of(gateway, scheme), "reviews", retry=ONCE, **choice) as client:
        return [client.predict_one(text).label for text in texts]
