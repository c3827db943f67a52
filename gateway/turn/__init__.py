"""One question and its answer: what it is asked with, how it is run, and what is kept of it."""
