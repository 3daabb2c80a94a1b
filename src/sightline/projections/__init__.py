"""The room that draws maps: vectors become points, in a process of its own. Knows no record."""
