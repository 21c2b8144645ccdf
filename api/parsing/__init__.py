"""Requests taken apart: the query, JSON, and pictures in any kind of body."""
