"""Names and sizes that the Keras graph, the ONNX graph and their users share."""

from __future__ import annotations

__all__ = [
    "BODY_PART_OUTPUT",
    "CONV5_MAP",
    "CONV5_OUTPUT",
    "EVIDENCE_OUTPUT",
    "FRACTURE_MAP_OUTPUT",
    "HEAD_UNITS",
    "IMAGENET_MEAN_BGR",
    "MAP_EPSILON",
    "POOLED_OUTPUT",
    "TRUNK_EPSILON",
]

IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)
"""Mean of ImageNet's pictures by channel, 0 to 255, as the Caffe weights expect it."""

BODY_PART_OUTPUT = "body_part"
CONV5_OUTPUT = "conv5_block3_out"
POOLED_OUTPUT = "avg_pool"
CONV5_MAP = "conv5_map"
FRACTURE_MAP_OUTPUT = "fracture_map"
EVIDENCE_OUTPUT = "fracture_evidence"

HEAD_UNITS = (128, 50)
"""Units of a head's two hidden layers, as in the paper's reference implementation."""

MAP_EPSILON = 1e-3
"""What the fracture map's batch normalisations add to the variance."""

TRUNK_EPSILON = 1.001e-5
"""The same in ``keras.applications.ResNet50``."""
