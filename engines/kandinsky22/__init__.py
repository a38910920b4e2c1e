"""Kandinsky 2.2: a prior imagines the embedding of a picture, a decoder paints it."""
