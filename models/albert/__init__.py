"""ALBERT's forward pass: KerasHub's layers and variables, computed as few large matrix products.

Written in `keras.ops`, for TensorFlow and JAX; docs/decisions/0008-forward-pass.md says why.
"""

from models.albert.backbone import AlbertBackbone

__all__ = ["AlbertBackbone"]
