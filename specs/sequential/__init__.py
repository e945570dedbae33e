"""Sequential specifications: what one object does when operations come one at a time.

Each is a `Spec` whose actions are the operations with their outcomes: an action returns False where an operation with
that outcome is not legal, which is how a history checker uses it.
"""
