"""A table of radiographs becomes weights."""
