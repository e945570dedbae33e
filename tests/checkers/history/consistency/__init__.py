"""Tests of the consistency levels."""
