"""Look at a radiograph, ask the networks, read the answer."""
