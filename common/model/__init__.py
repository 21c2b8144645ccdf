"""A model folder: its card, how it is verified, and what it says of pictures."""
