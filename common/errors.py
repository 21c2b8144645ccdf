"""Defines all errors this project raises on purpose, as one tree. Knows nothing of HTTP.

DogorcatError
├── ImageError                    these bytes cannot become pixels
│   ├── ImageUnreadable           damaged, empty, or no picture at all
│   ├── ImageTooLarge             more bytes or pixels than allowed
│   └── ImageTypeUnsupported      a picture, of a kind that is not accepted
├── FetchError                    a picture could not be fetched from its address
│   ├── UrlInvalid                not an http(s) address
│   ├── UrlNotAllowed             not public, or does not exist; no message tells which
│   ├── FetchFailed               the other server refused, or its answer is broken
│   ├── FetchTimeout              the other server took too long
│   └── FetchBusy                 too many fetches are in progress
├── PhotoSourceUnavailable        Random has no photo to show
├── ModelError                    a model folder cannot be served
│   └── ModelNotFound             there is no model of that name
└── DataError                     a folder of photos cannot be trained on

Every message is one sentence written for the person who caused the error.
"""


class DogorcatError(Exception):
    """The base class of all errors raised on purpose."""


class ImageError(DogorcatError):
    """These bytes cannot become pixels."""


class ImageUnreadable(ImageError):
    """The data is damaged, empty, or no picture at all."""


class ImageTooLarge(ImageError):
    """The picture has more bytes or pixels than allowed."""


class ImageTypeUnsupported(ImageError):
    """The data is a picture or document of a kind that is not accepted."""


class FetchError(DogorcatError):
    """A picture could not be fetched from its address."""


class UrlInvalid(FetchError):
    """The text is not an http(s) address."""


class UrlNotAllowed(FetchError):
    """The address is not public or does not exist; the message does not tell which.

    So nobody can use this service to find out what is there.
    """

    def __init__(self) -> None:
        super().__init__("This address does not exist or is not open to the public.")


class FetchFailed(FetchError):
    """The other server refused, or its answer is broken."""


class FetchTimeout(FetchError):
    """The other server took too long."""


class FetchBusy(FetchError):
    """Too many fetches are in progress."""


class PhotoSourceUnavailable(DogorcatError):
    """Random has no photo to show."""


class ModelError(DogorcatError):
    """A model folder cannot be served."""


class ModelNotFound(ModelError):
    """There is no model of that name."""


class DataError(DogorcatError):
    """A folder of photos cannot be trained on."""
