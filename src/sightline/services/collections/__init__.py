"""What is done with collections: filling, following, searching them. Does not know products or protocols."""
