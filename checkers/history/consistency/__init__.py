"""Consistency levels of logs, from the session guarantees to linearizability: which of them a history keeps."""
