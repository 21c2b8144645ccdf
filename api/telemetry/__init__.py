"""What the service says of itself: a log line for each request, and metrics."""
