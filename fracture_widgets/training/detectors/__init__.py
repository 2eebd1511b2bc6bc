"""Detectors of fractures on the official split of FracAtlas: the paper's two, and ours."""
