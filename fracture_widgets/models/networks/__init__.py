"""The networks, as Keras models over flat graphs."""
