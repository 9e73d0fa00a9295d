"""Recording consent, its state, the decision that rests on it, and the proof."""
