"""API keys, and how many requests one client may send."""
