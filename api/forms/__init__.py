"""Multipart forms (RFC 7578), in every dialect that clients in use write."""
