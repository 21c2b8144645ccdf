"""The commands of `python -m train`, one a file: about photos, models, and what models are worth."""
