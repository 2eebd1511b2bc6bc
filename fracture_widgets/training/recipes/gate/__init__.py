"""The gate that refuses what is no radiograph of a known body part."""

from fracture_widgets.training.recipes.gate.fit import GateRecipe, train_gate

__all__ = ["GateRecipe", "train_gate"]
