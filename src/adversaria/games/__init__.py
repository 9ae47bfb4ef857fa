"""Frameworks, one file each: who plays, whose turn it is, and what that player minimises."""

from adversaria.games.biggan import BigGAN
from adversaria.games.cyclegan import CycleGAN
from adversaria.games.game import Game
from adversaria.games.gan import GAN
from adversaria.games.optimisers import SGD, Adam, RMSprop
from adversaria.games.pggan import PGGAN
from adversaria.games.pix2pix import Pix2Pix
from adversaria.games.stylegan import StyleGAN
from adversaria.games.supervised import Supervised
from adversaria.games.vaegan import VAEGAN
from adversaria.games.wgan_gp import WGANGP

__all__ = [
    "PGGAN",
    "SGD",
    "VAEGAN",
    "WGANGP",
    "Adam",
    "BigGAN",
    "CycleGAN",
    "GAN",
    "Game",
    "Pix2Pix",
    "RMSprop",
    "StyleGAN",
    "Supervised",
]
