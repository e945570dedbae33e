"""Tests of the refinement maps."""
