"""The program's own sentences, in English: one file for each area. Words only, no decision."""
