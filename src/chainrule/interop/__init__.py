"""In and out: other tools' files and what they need. Each part is imported where it is used."""
