"""The blind, attacked: twins that differ in their arms only, a search for canaries, and a classifier."""
