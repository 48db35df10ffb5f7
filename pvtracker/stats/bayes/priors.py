"""The fourteen numbers that the analyst fixes, named as in the R package c212."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Priors:
    """Means and variances of normal priors, shapes and scales of inverse gamma priors, rates of exponential priors.

    The model is written out in docs/methods/berry-berry.md. Means are any finite numbers, everything else is > 0;
    ValueError names the first that is not.
    """

    mu_gamma_0_0: float = 0.0
    tau2_gamma_0_0: float = 10.0
    mu_theta_0_0: float = 0.0
    tau2_theta_0_0: float = 10.0
    alpha_gamma_0_0: float = 3.0
    beta_gamma_0_0: float = 1.0
    alpha_theta_0_0: float = 3.0
    beta_theta_0_0: float = 1.0
    alpha_gamma: float = 3.0
    beta_gamma: float = 1.0
    alpha_theta: float = 3.0
    beta_theta: float = 1.0
    lambda_alpha: float = 1.0
    lambda_beta: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value):
                raise ValueError(f"{field.name} must be finite, got {value}")
            if not field.name.startswith("mu_") and value <= 0:
                raise ValueError(f"{field.name} must be > 0, got {value}")
