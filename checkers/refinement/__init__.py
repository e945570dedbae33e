"""Where levels meet: every step of a lower spec, or of a system, is a step of the spec above it or a stutter."""
