"""One file for each threat of docs/security.md: each attacks the program from outside."""
