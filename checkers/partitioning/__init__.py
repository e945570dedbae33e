"""Partitioners and placements, tried at random and measured."""
