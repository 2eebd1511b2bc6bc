"""The commands, one file each; each has a Typer app of the name ``app``."""
