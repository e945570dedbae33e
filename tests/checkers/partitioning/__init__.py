"""Tests of the checks of partitioning."""
