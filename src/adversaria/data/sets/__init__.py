"""The room `data/sets`."""
