"""pvtracker: the safety system of a randomised clinical trial."""

__version__ = "0.1.0"
