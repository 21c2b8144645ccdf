"""CORS_ORIGINS: only what a browser can send is taken; all else is refused with the right form."""

import pytest

from api.middleware.cors import origin


@pytest.mark.parametrize(
    "value",
    [
        "*",
        "https://example.org",
        "http://example.org:8080",
        "https://app.sub.example.org",
        "http://localhost:3000",
        "http://127.0.0.1:5173",
        "http://[::1]:3000",
        "https://xn--mnchen-3ya.example",
        "https://my_app.example.org",
        "https://example.org.",
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://0fa4e9a1-5a3b-4b0e-8c52-3b9e2b1c6a5d",
    ],
)
def test_origins_as_browsers_send_them(value: str) -> None:
    assert origin(value) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("https://*.example.org", "wildcard"),
        ("https://*", "wildcard"),
        ("*.example.org", "wildcard"),
        ("*://example.org", "wildcard"),
        ("http://localhost:*", "wildcard"),
        ("https://.*\\.example\\.org", "wildcard"),
        ("null", "sandboxed"),
        ("NULL", "sandboxed"),
        ("https://example.org/", "browsers send `https://example.org`"),
        ("https://example.org/app", "browsers send `https://example.org`"),
        ("https://example.org?x=1", "browsers send `https://example.org`"),
        ("https://example.org#top", "browsers send `https://example.org`"),
        ("https://user@example.org", "browsers send `https://example.org`"),
        ("https://user:secret@example.org", "browsers send `https://example.org`"),
        ("https://Example.ORG", "browsers send `https://example.org`"),
        ("HTTPS://example.org", "browsers send `https://example.org`"),
        ("https://example.org:443", "browsers send `https://example.org`"),
        ("http://example.org:80", "browsers send `http://example.org`"),
        ("https://example.org:", "browsers send `https://example.org`"),
        ("https://münchen.example", "browsers send `https://xn--mnchen-3ya.example`"),
        ("http://[0:0::1]", "browsers send `http://[::1]`"),
        ("http://127.1", "browsers send `http://127.0.0.1`"),
        ("https:///example.org", "browsers send `https://example.org`"),
        ("https:\\\\example.org", "no origin"),
        ("https://example\\.org", "browsers send `https://example`"),
        ("example.org", "no origin"),
        ("//example.org", "no origin"),
        ("localhost:3000", "no origin"),
        ("https:example.org", "no origin"),
        ("https://", "no origin"),
        ("://example.org", "no origin"),
        ("true", "no origin"),
        ("all", "no origin"),
        ("https://.example.org", "no origin"),
        ("https://example..org", "no origin"),
        ("https://example.org$", "no origin"),
        ("^https://example.org", "no origin"),
        ("https://(www|app).example.org", "no origin"),
        ("https://[a-z]+.example.org", "no origin"),
        ("https://a.example https://b.example", "no origin"),
        ("https://a.example;https://b.example", "no origin"),
        ('"https://example.org"', "no origin"),
        ("https://example.org:99999", "no origin"),
        ("https://example.org:port", "no origin"),
        ("file://", "no origin"),
        ("file:///home/me/page.html", "no origin"),
        ("data://text", "no origin"),
        ("ws://example.org", "no origin"),
    ],
)
def test_what_no_browser_sends(value: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]*$") as error:
        origin(value)
    assert words in str(error.value)
