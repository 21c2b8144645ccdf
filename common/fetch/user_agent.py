"""Names this project in the User-Agent header of every request that it sends."""

_NAME = "dogorcat/0.1"
_PURPOSE = "picture classifier; fetches what its user asks for"


def user_agent(contact: str | None = None) -> str:
    """The name of this project and how to reach the operator.

    Wikimedia, for example, refuses requests without a contact.

    Args:
        contact: an address in printable ASCII: the setting CONTACT.
    """
    return f"{_NAME} ({contact}; {_PURPOSE})" if contact else f"{_NAME} ({_PURPOSE})"
