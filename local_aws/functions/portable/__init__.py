"""Stands in for the native half of the runtime client; its directory is the last place where the function looks."""
