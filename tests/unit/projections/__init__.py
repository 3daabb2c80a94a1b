"""The room that draws maps, without the process that it runs in."""
