"""A package, because its fixtures are its own: Ann and Bob are other people here than everywhere else."""
