"""The error of this package, in a module that does not import Ray, which takes seconds."""

from common.errors import DogorcatError


class ClusterError(DogorcatError):
    """The cluster, the inputs or the output folder cannot be used."""
