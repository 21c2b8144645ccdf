"""Ctrl-C works in every test: a shell that starts them in the background has them ignore it."""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
