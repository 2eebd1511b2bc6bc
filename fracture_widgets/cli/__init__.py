"""The command line: ``fracture-widgets``."""

from fracture_widgets.cli.app import main

__all__ = ["main"]
