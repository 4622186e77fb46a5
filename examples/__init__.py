"""Apps to start from; the README has their commands."""
