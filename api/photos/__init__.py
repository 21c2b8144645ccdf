"""Photos for Random: Flickr, Wikimedia Commons or a local folder, each photo with its credit."""

from api.photos.photo import ANY, Photo
from api.photos.sources import PhotoSources

__all__ = ["ANY", "Photo", "PhotoSources"]
