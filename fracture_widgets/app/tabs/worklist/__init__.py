"""The Worklist tab: read many radiographs, the most suspicious first."""

from fracture_widgets.app.tabs.worklist.tab import TAB as TAB
