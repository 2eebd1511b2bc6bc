"""The Examine tab: bring radiographs, and choose the one to ask about."""

from fracture_widgets.app.tabs.examine.tab import TAB as TAB
