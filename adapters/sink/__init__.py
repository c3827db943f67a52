"""Where turns that are over leave their traces."""
