"""adversaria: adversarial learning for medical images, by name and by one honest protocol."""

__version__ = "0.1.0"
