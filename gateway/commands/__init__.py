"""What commands and presses come to, one module for each area; `table` says which is whose."""
