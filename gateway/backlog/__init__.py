"""What came long ago: put aside, and asked about by one quiet note in each chat (P13)."""
