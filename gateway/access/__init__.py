"""Who may say what, and where: by the file and by what people decide, ready at every message."""
