"""Tests of the function."""
