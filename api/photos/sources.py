"""Asks the photo sources that are set up, in order, until one has a photo."""

import logging
import random
from collections.abc import Mapping

from api.photos.folder import Folder
from api.photos.photo import ANY, Photo
from api.photos.remote import Fetch, RemoteSource, SourceFailure
from api.settings import Settings, SettingsError
from common.errors import PhotoSourceUnavailable
from common.model.prediction import NEITHER

log = logging.getLogger(__name__)

# source -> how to set it up
SET_UP = {
    "flickr": "FLICKR_API_KEY and FLICKR_API_SECRET for Flickr",
    "commons": "PHOTO_SOURCES with commons in it for Wikimedia Commons, which needs no key",
    "folder": "PHOTO_FOLDER for a folder of photos",
}
# What *neither* is searched for: much of it alike to what models know, none of it of their names.
OTHER_THINGS = (
    *("fox", "rabbit", "horse", "squirrel", "sheep", "owl", "bear", "elephant"),
    *("bicycle", "bread", "bridge", "flower", "lighthouse", "mountain", "sofa"),
)


class PhotoSources:
    """Random photos. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        """Set up what the settings allow; nothing is asked of any source yet.

        Raises:
            SettingsError: a folder or a file of keys cannot be used, in one sentence.
        """
        self._sources: list[RemoteSource | Folder] = []
        self.folder: Folder | None = None
        """The folder of photos, if there is one: the page's samples come from it."""
        if settings.photo_folder:
            if not settings.photo_folder.is_dir():
                raise SettingsError(
                    f"PHOTO_FOLDER={settings.photo_folder}: there is no such folder."
                )
            self.folder = Folder(settings.photo_folder)
        for name in settings.photo_sources:
            source = self._make(name, settings)
            if source:
                self._sources.append(source)

    @property
    def names(self) -> tuple[str, ...]:
        """The sources that are set up, in the order in which they are asked."""
        return tuple(source.name for source in self._sources)

    def random(
        self, search_words: Mapping[str, str], subject: str, fetch: Fetch
    ) -> tuple[Photo, bytes]:
        """Draw a photo and get its bytes.

        Args:
            search_words: label -> what to search for, for every label that may be drawn.
            subject: a label; `any`: a label drawn at random, or any photo of the folder; `neither`:
                something that no label names, drawn at random.
            fetch: gets the bytes behind an address; raises `FetchError`.

        Returns:
            the photo with its credit, and its bytes, known to be a picture.

        Raises:
            PhotoSourceUnavailable: no source has one, each with its reason; or none is set up.
            FetchBusy: too many fetches are under way already.
        """
        label = random.choice(list(search_words)) if subject == ANY and search_words else subject
        words = search_words.get(label, label).replace("_", " ")
        if subject == NEITHER:
            words = random.choice(_other_things(search_words))
        reasons = []
        for source in self._sources:
            wanted = subject if isinstance(source, Folder) else label
            try:
                return source.photo(wanted, words, fetch)
            except SourceFailure as failure:
                log.info("Random: %s %s.", source.title, failure)
                reasons.append(f"{source.title} {failure}")
        hint = "; ".join(text for name, text in SET_UP.items() if name not in self.names)
        if not reasons:
            raise PhotoSourceUnavailable(
                f"Random has no source of photos yet; set one of these: {hint}."
            )
        more = f" More sources can be set up: {hint}." if hint else ""
        raise PhotoSourceUnavailable(f"No photo now: {'; '.join(reasons)}.{more}")

    def _make(self, name: str, settings: Settings) -> RemoteSource | Folder | None:
        if name == "folder":
            return self.folder
        if name == "commons":
            from api.photos.commons import Commons

            return Commons(settings.commons_api_url, settings.contact)
        # Imported only where there is a key: flickrapi is slow to load.
        from api.photos.flickr import Flickr, FlickrKeys, read_keys

        if settings.flickr_keys_file:
            keys = read_keys(settings.flickr_keys_file)
        elif settings.flickr_api_key and settings.flickr_api_secret:
            key, secret = settings.flickr_api_key, settings.flickr_api_secret
            keys = FlickrKeys(public=key, secret=secret)
        else:
            return None
        return Flickr(keys, settings.flickr_api_url, settings.contact)


def _other_things(search_words: Mapping[str, str]) -> list[str]:
    """What no label names, nor what it is searched for by; never empty."""
    named = " ".join([*search_words, *search_words.values()]).casefold()
    return [thing for thing in OTHER_THINGS if thing not in named] or ["landscape"]
