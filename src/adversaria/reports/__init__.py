"""The room `reports`."""
