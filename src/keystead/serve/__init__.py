"""Local endpoints from which SDKs read credentials: the container and the metadata protocol."""
