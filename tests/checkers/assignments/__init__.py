"""Tests of what judges assignments."""
