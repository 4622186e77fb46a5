"""A function for the tiny app: this directory is its asset."""
