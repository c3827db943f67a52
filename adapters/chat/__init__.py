"""Chat platforms: one folder or file each, strangers to one another."""
