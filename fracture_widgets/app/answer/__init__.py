"""The answer to the radiograph shown, and what can be done with it."""
