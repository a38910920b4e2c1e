"""Official weights: what each kind needs, how it is fetched, converted once, and verified."""
