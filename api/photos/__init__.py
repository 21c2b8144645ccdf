"""Draws photos for Random from Flickr, Wikimedia Commons or a local folder, with their credit."""

from api.photos.photo import ANY, Photo
from api.photos.sources import PhotoSources

__all__ = ["ANY", "Photo", "PhotoSources"]
