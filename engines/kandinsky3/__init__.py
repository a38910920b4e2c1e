"""The Kandinsky 3 family: text conditioning, U-Net, MoVQ and the samplers, in the dialect of the original code."""
