"""Systems that are put to the proof: how one is described, driven with a workload and faults, and recorded.

`systems.system` is the interface to implement for a system of one's own; `systems.recording_run` records a history.
"""
