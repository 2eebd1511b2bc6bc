"""The History tab: saved results to find, read, delete and take away."""

from fracture_widgets.app.tabs.history.tab import TAB as TAB
