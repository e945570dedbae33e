"""The commands of `logproof`, a module each: `add` declares the arguments, `run` does the work and returns the exit code."""
