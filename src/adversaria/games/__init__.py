"""Frameworks, one file each: who plays, whose turn it is, and what that player minimises."""

from adversaria.games.cyclegan import CycleGAN
from adversaria.games.discogan import DiscoGAN
from adversaria.games.game import Game
from adversaria.games.gan import GAN
from adversaria.games.optimisers import SGD, Adam, RMSprop
from adversaria.games.pix2pix import Pix2Pix
from adversaria.games.supervised import Supervised
from adversaria.games.unit import UNIT
from adversaria.games.vaegan import VAEGAN
from adversaria.games.wgan_gp import WGANGP

__all__ = [
    "GAN",
    "SGD",
    "UNIT",
    "VAEGAN",
    "WGANGP",
    "Adam",
    "CycleGAN",
    "DiscoGAN",
    "Game",
    "Pix2Pix",
    "RMSprop",
    "Supervised",
]
