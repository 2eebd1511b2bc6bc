"""The training panel: choose radiographs and settings, start, watch, stop, continue, read."""
