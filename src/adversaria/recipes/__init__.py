"""The room `recipes`."""
