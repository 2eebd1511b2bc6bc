"""The Training tab: train a network and watch it learn."""

from fracture_widgets.app.tabs.training.page import TAB as TAB
