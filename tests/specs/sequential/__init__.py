"""Tests of the sequential specifications."""
