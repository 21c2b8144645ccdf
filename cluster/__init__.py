"""The service and the bulk job on Ray, for when one machine is not enough. Never imports train."""
