"""Names and sizes that the Keras graph, the ONNX graph and their users share."""

from __future__ import annotations

BODY_PART_OUTPUT = "body_part"
FRACTURE_OUTPUT = "fracture"
CONV5_OUTPUT = "conv5_block3_out"
POOLED_OUTPUT = "avg_pool"
CONV5_MAP = "conv5_map"
CONV5_READOUT = "conv5_readout"
FRACTURE_MAP_OUTPUT = "fracture_map"
EVIDENCE_OUTPUT = "fracture_evidence"

HEAD_UNITS = (128, 50)
"""Units of a head's two hidden layers, as in the paper's reference implementation."""

MAP_EPSILON = 1e-3
"""What the fracture map's batch normalisations add to the variance."""

PROBE_INPUTS = "probe_inputs"
PROBE_MEANS = ("map_conv3_mean", "conv4_block6_out")
PROBE_MAXIMA = ("map_conv2_max", "map_conv3_max", "conv4_block6_out")
"""What a part's linear probe sees: means of these layers over places, then maxima of those, then
the fracture map's maximum, and the soft maximum of what is read out of conv5."""

STAGE_MEANS = 512 + 1024
"""How many of the probes' inputs are those means: conv3's, then conv4's."""


def probe_name(part: str) -> str:
    """Return the name of a part's linear probe, a layer of one unit."""
    return f"{part}_probe"
