"""What every room may use: files, locks, tables, words. It imports nothing of ours."""

__version__ = "0.2.0"
"""Which release this is."""
