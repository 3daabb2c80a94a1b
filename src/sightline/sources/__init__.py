"""Where pictures come from: one file a source. Knows no catalogue and no model."""
