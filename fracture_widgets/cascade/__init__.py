"""Weights become an answer: the shipped model, its engines and the report they give."""
