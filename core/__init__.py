"""What the gateway decides. Imports nothing but the standard library and never touches the world."""
