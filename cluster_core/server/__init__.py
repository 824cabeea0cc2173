"""What surrounds every request: client address, log, headers, hosts, metrics (ASGI middleware)."""
