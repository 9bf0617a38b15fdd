"""One module a chapter; the part of an exercise's name before the dot says which."""
