"""Everything that touches the world, one outside thing per file or folder; decides nothing."""
