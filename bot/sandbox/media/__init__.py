"""Pictures, clips and files: what becomes of an upload before it is part of a message."""
