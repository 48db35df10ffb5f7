"""T3: can the arm be told from what blinded people see? Areas under the curve against shuffled labels.

The rule is fixed beforehand. Each technical feature alone, and a ridge logistic regression over all of them
(cross-validated), is compared with shuffled arms; p is the share of shuffles that do as well, adjusted by Holm over
the features, and over the models. The blind fails at an adjusted p of 0.05
or less. Random ids are drawn anew in every run, so that a p of theirs would fail one run in twenty by chance: they fail
at 5 standard deviations, which chance reaches once in three million, and an order by arm in any trial that is worth the
name. Clinical features are reported by the same numbers and fail nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from pvtracker.ops.blind.features import RANDOM, TECHNICAL, Feature, Numbers

SHUFFLES, MODEL_SHUFFLES, FOLDS, SEED, RIDGE = 9_999, 200, 5, 20_240_901, 1.0
MODEL = "model"
GATED = frozenset({*TECHNICAL, MODEL} - {RANDOM})
LEVEL, FAR = 0.05, 5.0
FEWEST = 10  # participants in an arm and outside it: fewer cannot be told apart by any rule
Labels = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Finding:
    """How well one feature (or model) tells one arm from the others."""

    arm: str
    feature: str
    channel: str
    auc: float  # 0.5 tells nothing; below 0.5 tells as much as above
    p: float  # share of shuffled arms that do as well, either way
    p_adjusted: float  # by Holm; for features that are only reported, p itself
    deviations: float  # from 0.5, in standard deviations of the shuffles
    fails: bool


def classify(features: Sequence[Feature], arms: Sequence[str]) -> list[Finding]:
    """Every arm against the others (one comparison when there are two); `arms` is '' for who has none."""
    known = np.array([bool(arm) for arm in arms])
    labels = np.array(list(arms))[known]
    codes = sorted(set(labels.tolist()))
    technical = [one for one in features if one.channel in TECHNICAL]
    found: list[Finding] = []
    for arm in codes[:1] if len(codes) == 2 else codes:
        mine = labels == arm
        if min(mine.sum(), (~mine).sum()) < FEWEST:
            continue
        found += [_single(one, known, mine, arm) for one in features]
        steady = [one for one in technical if one.channel != RANDOM]
        if steady:
            found.append(_model(steady, known, mine, arm))
    return _judged(found)


def _single(feature: Feature, known: Labels, mine: Labels, arm: str) -> Finding:
    values = _filled(feature.values[known])
    observed, shuffled = auc_and_shuffles(values, mine, SHUFFLES)
    return _finding(arm, feature.name, feature.channel, observed, shuffled)


def _finding(arm: str, name: str, channel: str, observed: float, shuffled: Numbers) -> Finding:
    far = np.abs(shuffled - 0.5) >= abs(observed - 0.5) - 1e-12
    p = float((1 + far.sum()) / (1 + len(shuffled)))
    deviations = abs(observed - 0.5) / max(float(shuffled.std()), 1e-9)
    return Finding(arm, name, channel, observed, p, p, deviations, fails=False)


def auc_and_shuffles(values: Numbers, mine: Labels, shuffles: int) -> tuple[float, Numbers]:
    """The area under the curve of one feature, and those of shuffled labels (always the same shuffles)."""
    ranks = rankdata(values)
    ones, zeros = int(mine.sum()), int((~mine).sum())
    rng = np.random.default_rng(SEED)
    order = rng.random((shuffles, len(mine))).argsort(axis=1)[:, :ones]
    sums = ranks[order].sum(axis=1)
    return (
        float((ranks[mine].sum() - ones * (ones + 1) / 2) / (ones * zeros)),
        (sums - ones * (ones + 1) / 2) / (ones * zeros),
    )


def _model(features: Sequence[Feature], known: Labels, mine: Labels, arm: str) -> Finding:
    columns = np.column_stack([rankdata(_filled(one.values[known])) for one in features])
    spread = columns.std(axis=0)
    columns = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    rng = np.random.default_rng(SEED)
    fold = rng.permutation(np.arange(len(mine)) % FOLDS)
    observed = cross_validated_auc(columns, mine, fold)
    shuffled = np.array(
        [cross_validated_auc(columns, rng.permutation(mine), fold) for _ in range(MODEL_SHUFFLES)]
    )
    # a model is better than chance only above 0.5: cross-validation turns nothing round
    p = float((1 + (shuffled >= observed).sum()) / (1 + MODEL_SHUFFLES))
    deviations = (observed - float(shuffled.mean())) / max(float(shuffled.std()), 1e-9)
    name = f"ridge logistic regression over {len(features)} technical features"
    return Finding(arm, name, MODEL, observed, p, p, deviations, fails=False)


def cross_validated_auc(columns: Numbers, mine: Labels, fold: npt.NDArray[np.int64]) -> float:
    """AUC of the scores that each fold gets from a model fitted without it."""
    scores = np.zeros(len(mine))
    for part in range(FOLDS):
        left_out = fold == part
        weights = _fitted(columns[~left_out], mine[~left_out])
        scores[left_out] = columns[left_out] @ weights[1:] + weights[0]
    ones, zeros = int(mine.sum()), int((~mine).sum())
    ranks = rankdata(scores)
    return float((ranks[mine].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def _fitted(columns: Numbers, mine: Labels) -> Numbers:
    """Ridge logistic regression by Newton's steps; the intercept is not shrunk."""
    design = np.column_stack([np.ones(len(mine)), columns])
    penalty = RIDGE * np.eye(design.shape[1])
    penalty[0, 0] = 1e-6
    weights = np.zeros(design.shape[1])
    for _ in range(6):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (mine - chance) - penalty @ weights
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + penalty
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def _filled(values: Numbers) -> Numbers:
    """Blank values below all others: that one is missing may tell something too."""
    known = values[np.isfinite(values)]
    return np.where(np.isfinite(values), values, known.min() - 1 if known.size else 0.0)


def _judged(found: list[Finding]) -> list[Finding]:
    """Holm's adjustment over the features and over the models that can fail by their p, and who fails."""
    adjusted: dict[int, float] = {}
    for models in (False, True):
        family = [
            i for i, one in enumerate(found) if one.channel in GATED and (one.channel == MODEL) == models
        ]
        worst = 0.0
        for place, index in enumerate(sorted(family, key=lambda i: found[i].p)):
            worst = max(worst, min(1.0, found[index].p * (len(family) - place)))
            adjusted[index] = worst
    return [
        Finding(
            one.arm,
            one.feature,
            one.channel,
            one.auc,
            one.p,
            adjusted.get(index, one.p),
            one.deviations,
            fails=adjusted[index] <= LEVEL
            if index in adjusted
            else one.channel == RANDOM and one.deviations >= FAR,
        )
        for index, one in enumerate(found)
    ]
