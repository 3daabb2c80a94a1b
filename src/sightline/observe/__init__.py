"""What an operator sees: logs and metrics. Called by all floors; knows none of them."""
