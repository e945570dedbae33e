"""What a recording can't exceed, so that no file exhausts memory or the stack before it is refused."""

EVENT_BYTES_MAX = 16 << 20
"""The longest line, or event of EDN."""
NESTING_MAX = 64
"""The deepest nesting of lists and objects in an event."""
