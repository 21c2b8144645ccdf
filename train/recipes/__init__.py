"""One file per recipe, to be read from top to bottom."""
