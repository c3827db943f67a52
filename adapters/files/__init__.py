"""Files on disk, and the child process that reads PDFs."""

from adapters.files.shelf import Shelf

__all__ = ["Shelf"]
