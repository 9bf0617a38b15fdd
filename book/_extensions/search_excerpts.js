// The search looks for one spelling of a word, also in titles, which Sphinx compares letter by letter.
const perform = Search.performSearch;
Search.performSearch = (query) => perform(query.replace(/[A-Za-z]+/g, oneSpelling));

// Under each result of the search: the words around the first one found.  `pageWords` holds the text of every page.
const asked = (new URLSearchParams(location.search).get("q") || "").split(/\s+/).filter(Boolean);
const stems = asked.map((word) => new Stemmer().stemWord(word.toLowerCase()));

function isAsked(word) {
  return stems.includes(new Stemmer().stemWord(word.toLowerCase()));
}

function excerpt(text) {
  const parts = text.split(/([\p{L}\p{N}_]+)/u); // every second one is a word
  const found = parts.findIndex((part, i) => i % 2 && isAsked(part));
  if (found < 0) return null;
  const quote = document.createElement("p");
  quote.className = "context";
  quote.append("… ");
  parts.slice(Math.max(0, found - 24), found + 36).forEach((part) => {
    if (isAsked(part)) quote.append(Object.assign(document.createElement("mark"), { textContent: part }));
    else quote.append(part);
  });
  quote.append(" …");
  return quote;
}

function quoteUnder(item) {
  const link = item.querySelector("a");
  const page = link && new URL(link.href).pathname.split("/").pop().replace(/\.html$/, "");
  const quote = pageWords[page] && excerpt(pageWords[page]);
  if (quote) item.append(quote);
}

const results = document.querySelector("#search-results");
results.querySelectorAll("li").forEach(quoteUnder);
new MutationObserver((changes) =>
  changes.forEach((change) => change.addedNodes.forEach((node) => node.nodeName === "LI" && quoteUnder(node))),
).observe(results, { childList: true, subtree: true });
