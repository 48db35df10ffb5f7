"""The two halves of an import, each run by a process of its own room."""
