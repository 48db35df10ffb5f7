"""The Bayesian hierarchical models of Berry and Berry: preferred terms within body systems, many chains at once."""
