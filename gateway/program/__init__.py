"""The program as a whole: put together, started, told to read its file again, stopped."""
