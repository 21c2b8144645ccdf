"""What tests and benchmarks share: services that run, servers that answer, pictures, models."""
