"""Linearizability of any sequential specification by search.

Source: Wing and Gong, Testing and verifying concurrent objects (1993); Lowe, Testing for linearizability (2017), whose
just-in-time linearization this is; Horn and Kroening, Faster linearizability checking via P-compositionality (2015).
"""
