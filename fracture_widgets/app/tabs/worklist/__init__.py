"""The Worklist tab: many radiographs, the most suspicious first."""
