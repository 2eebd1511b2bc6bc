"""DICOM files: what is parsed of them, and the greys that they are to be shown in."""
