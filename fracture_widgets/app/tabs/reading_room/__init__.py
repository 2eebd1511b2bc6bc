"""The reading room: read first, then see what the network says."""
