"""The User-Agent header of every request that this project sends."""

_NAME = "dogorcat/0.1"
_PURPOSE = "picture classifier; fetches what its user asks for"


def user_agent(contact: str | None = None) -> str:
    """Who asks, and how to reach who runs it: Wikimedia, for one, refuses agents without contact.

    Args:
        contact: an address, printable ASCII; what CONTACT is set to.
    """
    return f"{_NAME} ({contact}; {_PURPOSE})" if contact else f"{_NAME} ({_PURPOSE})"
