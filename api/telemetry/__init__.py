"""Reports what the service does: a log line for each request, and metrics."""
