"""The room `physics`."""
