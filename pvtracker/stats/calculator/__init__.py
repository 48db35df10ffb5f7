"""The calculator: a statistic of the catalogue, computed from what a person typed or a file holds.

Texts in, the very function of `pvtracker.stats.catalogue` called, its result out as it is. `arguments`: what can be
given and how it is read; `cases`: rows of a file; `computed`: the call; `told`: the result as tables and as JSON.
"""
