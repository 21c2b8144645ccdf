"""Recognises results of a picture search, whose links carry the address of the picture itself."""

import re

import ada_url

MAX_LINK_LENGTH = 16_384
"""Longer than other links may be: they contain a whole address and more."""
# Host, path, and the query parameters that hold the address of the picture or of its page.
_COUNTRY = r"[a-z]{2,3}(?:\.[a-z]{2})?"
_ENGINES = [
    (re.compile(rf"(?:.+\.)?{host}"), re.compile(path), names)
    for host, path, names in (
        (rf"google\.{_COUNTRY}", r"/imgres", ("imgurl",)),
        (rf"google\.{_COUNTRY}", r"/url", ("url", "q")),
        (r"bing\.com", r"/images/.*", ("mediaurl", "imgurl")),
        (rf"yandex\.{_COUNTRY}|ya\.ru", r"/images/.*", ("img_url",)),
        (r"duckduckgo\.com", r"/(?:iu/?)?", ("iai", "u")),
        (rf"yahoo\.{_COUNTRY}", r"/images/.*", ("imgurl",)),
        (r"startpage\.com", r"/.*", ("piurl",)),
        (r"image\.baidu\.com", r"/.*", ("objurl",)),
    )
]


def picture_of_search(link: str) -> str | None:
    """The address that a search engine's link carries; None for every other link.

    Args:
        link: as a stranger wrote it; the result is not to be trusted either.
    """
    link = link.strip()
    if not link.isprintable() or len(link) > MAX_LINK_LENGTH:
        return None
    try:
        url = ada_url.URL(link)
    except ValueError:
        return None
    for host, path, names in _ENGINES:
        if host.fullmatch(url.hostname) and path.fullmatch(url.pathname):
            return _address(ada_url.URLSearchParams(url.search), names)
    return None


def _address(query: ada_url.URLSearchParams, names: tuple[str, ...]) -> str | None:
    for name in names:
        address = query.get(name) or ""
        if re.match(r"https?://", address, re.IGNORECASE):
            return address
        if name == "imgurl" and re.match(r"[\w-]+(?:\.[\w-]+)+/", address):
            return f"http://{address}"  # Yahoo leaves the scheme out
    return None
