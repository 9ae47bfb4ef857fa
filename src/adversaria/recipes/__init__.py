"""Recipes: works as data, the only room that knows names."""

from adversaria.recipes.build import build_game
from adversaria.recipes.read import read_recipe
from adversaria.recipes.recipe import Recipe, shipped

__all__ = ["Recipe", "build_game", "read_recipe", "shipped"]
