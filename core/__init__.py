"""What the gateway decides. Imports only the standard library and never touches the world."""
