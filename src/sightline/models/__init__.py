"""Checkpoints and what is written over them: cards, tensors, layouts, graphs, tokenizers. Runs nothing."""
