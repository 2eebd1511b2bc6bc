"""Large radiographs, made on the fly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

from fracture_widgets.phantoms import draw_phantom


def write_dicom(path: Path, side: int, *, noise: int = 0) -> Path:
    """Write a drawn hand as an uncompressed 16-bit DICOM file of ``2 * side**2`` bytes.

    Noise, in the file's 4096 greys, makes its picture as hard to compress as a real one's.
    """
    drawn = draw_phantom("hand", fractured=True, seed=2).radiograph.pixels
    rows = np.arange(side) * drawn.shape[0] // side
    columns = np.arange(side) * drawn.shape[1] // side
    greys = np.rint(drawn * 4095).astype(np.uint16)[np.ix_(rows, columns)]
    grain = np.random.default_rng(0).integers(0, noise + 1, greys.shape, dtype=np.uint16)
    greys = np.minimum(greys + grain, 4095)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.Modality = "DX"
    dataset.Rows, dataset.Columns = greys.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.PixelSpacing = [0.05, 0.05]
    dataset.PixelData = greys.tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path
