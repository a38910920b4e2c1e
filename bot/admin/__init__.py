"""What admins can see and do. Nobody else sees anything of it; everything that is done is written down."""
