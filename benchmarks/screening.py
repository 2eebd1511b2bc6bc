"""A folder of radiographs to a CSV file, against the bare network on arrays decoded beforehand.

    python benchmarks/screening.py [FOLDER] [--radiographs 2000] [--batch 16] [--runs 5]

Both sides are given each radiograph and its mirror image in batches of the same size, in turns in
one process: ours reads, decodes and prepares every file, keeps every batch on disk and writes the
table; the reference is ONNX Runtime with its own settings on the same graph. The seconds of
processor time for a radiograph stand beside the throughput: other work on the machine spoils them
least.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import onnxruntime

from fracture_widgets import read_radiograph, screen_folder, write_phantoms
from fracture_widgets.cascade.store import load_model
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.networks.onnx_graph import INPUT_NAME, build_onnx_model
from fracture_widgets.screening.listing import radiograph_names
