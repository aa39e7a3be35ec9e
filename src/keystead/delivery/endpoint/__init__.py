"""Local HTTP endpoints that SDKs read by themselves: containers' credentials and EC2's metadata.

A request passes the guards (`guards`), is answered by the service of the port that it came to
(`container`, `imds`) from what a `ServedProfile` has in memory, and all of it is one ASGI
application (`application`) on uvicorn (`server`).
"""
