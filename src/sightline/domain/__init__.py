"""The words of Sightline: records, rules and errors. Knows no library but numpy, no file, no network."""
