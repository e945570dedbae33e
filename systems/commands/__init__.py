"""The commands that need real systems: `logproof record` and `logproof systems`."""
