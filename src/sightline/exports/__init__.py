"""Files that others read: one writer for each format. Know neither collections nor models."""
