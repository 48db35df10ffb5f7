"""R-hat and effective sizes against the R package posterior, whose authors wrote the paper."""

import numpy as np
import pytest

from pvtracker.stats.bayes.diagnostics import Convergence, convergence, indicator_size

# library(posterior)  # 1.4.0, R 4.2.2
# M <- as.matrix(read.csv(file, header = FALSE)); c(rhat(M), ess_bulk(M), ess_tail(M))
# of the draws that `wandering` makes, one column for each chain
OF_POSTERIOR = {
    ("slow, chains apart", 0.9, 500): (1.1275873330, 25.7093118333, 201.3900535697),
    ("odd number", 0.3, 501): (1.0029803514, 992.9991602695, 1483.4742547641),
    ("swinging", -0.4, 500): (0.9999116618, 4171.9725689817, 1924.7014263005),
    ("half of it zeros", 0.7, 500): (1.0115229837, 475.6029241400, 604.9752501888),
}


def wandering(seed: int, correlation: float, length: int) -> np.ndarray:
    steps = np.random.Generator(np.random.PCG64(seed)).standard_normal((4, length))
    found = np.zeros_like(steps)
    found[:, 0] = steps[:, 0]
    for i in range(1, length):
        found[:, i] = correlation * found[:, i - 1] + steps[:, i]
    return found


def examples() -> np.ndarray:
    draws = [
        wandering(21 + number, correlation, length)
        for number, (_, correlation, length) in enumerate(OF_POSTERIOR)
    ]
    draws[0] += 0.3 * np.arange(4)[:, None]
    draws[3] = np.where(draws[3] > 0.8, draws[3], 0)
    return draws


@pytest.mark.parametrize("number", range(4), ids=[name for name, *_ in OF_POSTERIOR])
def test_as_the_package_posterior_has_it(number: int) -> None:
    found = convergence(examples()[number][None])
    expected = list(OF_POSTERIOR.values())[number]
    assert (found.r_hat[0], found.ess_bulk[0], found.ess_tail[0]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("r_hat", "bulk", "tail", "met"),
    [(1.0099, 400, 400, True), (1.01, 4000, 4000, False), (1.0, 399, 4000, False), (1.0, 4000, 399, False),
     (np.nan, 4000, 4000, False)],
)  # fmt: skip
def test_the_limits_are_those_of_the_paper(r_hat: float, bulk: float, tail: float, met: bool) -> None:
    """Vehtari et al. (2021): use the draws if R-hat is less than 1.01 and the effective size above 400."""
    found = Convergence(*(np.array([value]) for value in (r_hat, bulk, tail)))
    assert found.met.tolist() == [met]


def test_many_at_once_are_each_as_alone() -> None:
    draws = np.stack([examples()[0], examples()[2], examples()[3]])
    together = convergence(draws)
    for i in range(3):
        alone = convergence(draws[i : i + 1])
        assert together.r_hat[i] == alone.r_hat[0]
        assert together.ess_bulk[i] == alone.ess_bulk[0]
        assert together.ess_tail[i] == alone.ess_tail[0]


def test_ranks_alone_count() -> None:
    draws = np.stack([examples()[0], np.exp(examples()[0])])
    found = convergence(draws)
    assert found.ess_bulk[0] == found.ess_bulk[1]
    assert found.ess_tail[0] == found.ess_tail[1]


def test_met_or_not() -> None:
    good = np.random.Generator(np.random.PCG64(1)).standard_normal((4, 500))
    short = good[:, :90]
    apart = good + np.array([[0], [0], [0], [0.5]])
    spread = good * np.array([[1], [1], [1], [2]])  # seen by the folded draws alone
    assert convergence(good[None]).met.all()
    assert not convergence(short[None]).met.any()
    assert not convergence(apart[None]).met.any()
    assert not convergence(spread[None]).met.any()
    assert not convergence(np.ones((1, 4, 500))).met.any()
    assert np.isnan(convergence(np.ones((1, 4, 500))).r_hat).all()


def test_a_share_is_worth_what_its_draws_are() -> None:
    draws = wandering(3, 0.8, 4000) > 0
    size = indicator_size(draws[None])[0]
    assert (
        16000 / 9 < size < 16000 / 2
    )  # the draws themselves are worth (1 - 0.8) / (1 + 0.8) of their number
    assert indicator_size(np.ones((1, 4, 100), dtype=bool))[0] == 400
    assert indicator_size(np.stack([draws, np.zeros_like(draws)])).tolist() == [size, 16000]


def test_too_few_draws() -> None:
    with pytest.raises(ValueError, match="at least four of each chain, got 3"):
        convergence(np.zeros((1, 2, 3)))
