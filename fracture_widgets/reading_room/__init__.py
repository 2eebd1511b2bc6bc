"""Reading radiographs before the network does: cases, sessions, scores; nothing of widgets."""
