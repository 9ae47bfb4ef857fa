"""Guarded reading, cases, splits, patches, phantoms, and marked writing."""
