"""What an operator sees: logs, metrics and traces. Called by all floors; knows none of them."""
