"""The reading room's panel: read first, then see what the network says and what it was."""
