"""Decoders of untrusted files. They run in child processes and import neither torch nor MONAI."""
