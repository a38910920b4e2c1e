"""What keeps the form of a picture: the hint U-Net, the side networks, and the hints they are shown.

Sources: ai-forever/kandinsky3-diffusers, `models/unet_kandi3.py` (the hint U-Net in its history, the side network in
its head). The two compute differently: a hint U-Net is fine-tuned as a whole and adds the hint to its first layer, so
that it has no scale; a side network leaves the base U-Net as it is and adds to its skips, more or less strongly.
"""
