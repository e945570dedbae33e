"""Simulation: the surroundings of the reference implementation, in which all that chance decides can be chosen."""
