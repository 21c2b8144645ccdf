"""The commands of `python -m train`, one a file; recipes have their own folder."""
