"""Where things are on the face: each feature is a function of the position, with edges about one pixel wide."""
