"""Repeated measurements by restricted maximum likelihood: how the covariance of the weeks is fitted and what follows.

`patterns`: sums over participants who were measured in the same weeks; `covariances`: structures; `reml`: the fit;
`small_samples`: standard errors and degrees of freedom. Public: `pvtracker.stats.mmrm`.
"""
