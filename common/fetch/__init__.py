"""Fetches what lies at a stranger's link, and nothing from inside the network."""
