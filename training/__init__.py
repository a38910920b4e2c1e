"""How the miniature Kandinsky was made: the world it knows, and one module a recipe."""
