"""The commands of `python -m train`, one a file: about photos, about models, and measuring."""
