"""The models that are served: loaded, verified, and exchanged without a pause."""
