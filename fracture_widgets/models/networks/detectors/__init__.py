"""The paper's detectors as compact heads on ResNet-50: what the looks twice are compared with."""
