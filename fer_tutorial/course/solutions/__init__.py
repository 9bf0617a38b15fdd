"""Solutions of the exercises, a module a chapter."""
