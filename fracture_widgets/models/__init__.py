"""An answer is made here: model folders, networks, engines, the gate, trust and explanations."""
