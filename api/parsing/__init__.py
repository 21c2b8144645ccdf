"""Reads requests: the query, JSON, and pictures in any kind of body."""
