"""The endpoints: each takes a request apart, asks the service, and answers."""
