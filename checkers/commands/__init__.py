"""The commands of `logproof`, a module each: `add` declares the arguments, `run` returns the exit code."""
