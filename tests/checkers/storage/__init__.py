"""Tests of the checks of storage."""
