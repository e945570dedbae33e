"""Tests of the log of one partition."""
