"""The HTTP face: pages, health, and the walls around whatever else is mounted."""
