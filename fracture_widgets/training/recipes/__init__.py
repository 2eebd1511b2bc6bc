"""What is trained, step by step: the paper's networks, the cascade, its gate."""
