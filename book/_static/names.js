// The arrow that opens a part of the contents has a name; the theme draws it without one.
addEventListener("DOMContentLoaded", () => {
  for (const arrow of document.querySelectorAll("summary:has(.toctree-toggle)")) arrow.setAttribute("aria-label", "Its pages");
});
