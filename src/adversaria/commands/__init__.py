"""The commands: documented, typed functions. The command line is a thin layer over them."""
