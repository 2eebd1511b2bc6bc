"""The shipped cascade: taught by outlines, judged out of fold, saved with its card."""

from fracture_widgets.training.recipes.cascade.fit import CascadeRecipe
from fracture_widgets.training.recipes.cascade.training import train_cascade

__all__ = ["CascadeRecipe", "train_cascade"]
