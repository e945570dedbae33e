"""Tests of the simulated surroundings."""
