"""A file becomes pixels: reading, preparing and drawing radiographs."""
