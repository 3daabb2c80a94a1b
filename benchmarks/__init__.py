"""Speed and memory against the machine's limit and against the reference library, as ratios from one run."""
