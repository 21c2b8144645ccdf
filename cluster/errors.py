"""The error of this room; in a module without Ray, which takes seconds to import."""

from common.errors import DogorcatError


class ClusterError(DogorcatError):
    """The cluster, the inputs or the output folder cannot be used."""
