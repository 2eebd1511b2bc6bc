"""The Training tab: train a network and watch it learn."""

from fracture_widgets.app.tabs.training.tab import TAB as TAB
