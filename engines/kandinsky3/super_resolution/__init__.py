"""KandiSuperRes: pictures two or four times larger, in pixels and not in latents."""
