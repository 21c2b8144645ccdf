"""A network in which every address leads to a canary, and the real service inside it."""
