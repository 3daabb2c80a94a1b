"""Views of the record that find nearest vectors, one product each. None knows another, or the record."""
