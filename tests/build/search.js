/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs the search of the site as its page does, without a browser, and prints the addresses and
 * titles that it finds.
 *
 *	node tests/build/search.js SITE WORDS */

"use strict";

const fs = require("fs");
const vm = require("vm");
const [site, words] = process.argv.slice(2);

/* As much of an element as the script uses. */
function element() {
	return {
		children: [],
		value: "",
		append(...nodes) { this.children.push(...nodes); },
		replaceChildren(...nodes) { this.children = nodes; },
		addEventListener() { },
		focus() { },
	};
}

const elements = { words: element(), results: element(), summary: element() };
const page = vm.createContext({
	document: { getElementById: id => elements[id], createElement: element },
	location: { search: "?" + new URLSearchParams({ q: words }) },
	URLSearchParams,
});
for (const file of ["docs/search-index.js", "search.js"])
	vm.runInContext(fs.readFileSync(site + "/" + file, "utf8"), page, { filename: file });
for (const item of elements.results.children)
	console.log(item.children[0].href, item.children[0].textContent);
