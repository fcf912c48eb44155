/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The search of docs/search.html. search-index.js sets skua_pages to the sections of all pages:
 * [address, title of the page, title of the section, text]. A section is found if it has all
 * words. It needs no server, so it works on pages that a browser opens as files, too. */

"use strict";

(function () {
	const field = document.getElementById("words");
	const results = document.getElementById("results");
	const summary = document.getElementById("summary");
	const most = 40;

	const sections = skua_pages.map(([address, page, section, text]) => ({
		address, page, section, text,
		is_idle: text.includes("Accepted, and without effect."),
		name: (section || page).toLowerCase(),
		page_name: page.toLowerCase(),
		content: text.toLowerCase(),
	}));

	/* How well a text fits a word: 0 not at all, 1 in a word, 2 at the beginning of one, 3 all of it. */
	function fit(text, word) {
		const is_letter = c => c !== undefined && /[a-z0-9]/.test(c);
		let best = 0;
		for (let at = -1; best < 3 && (at = text.indexOf(word, at + 1)) >= 0;) {
			const begins = !is_letter(text[at - 1]), ends = !is_letter(text[at + word.length]);
			best = Math.max(best, begins && ends ? 3 : begins ? 2 : 1);
		}
		return best;
	}

	/* How well a section fits one word: 0 if the word is not in it. A part of a name counts little if
	 * it is short: "spa" is not in mind where "space" stands. */
	function weight(entry, word) {
		if (entry.name === word || entry.name === "$" + word)
			return 100;
		const name = fit(entry.name, word);
		if (name === 3 || name > 0 && word.length > 3)
			return 10 * name + (entry.name.startsWith(word) ? 5 : 0) - (entry.is_idle ? 5 : 0);
		const page = fit(entry.page_name, word);
		if (page === 3 || page > 0 && word.length > 3)
			return 8;
		return name || page || fit(entry.content, word);
	}

	function find(words) {
		const found = [];
		for (const entry of sections) {
			let sum = 0;
			for (const word of words) {
				const one = weight(entry, word);
				if (one === 0) {
					sum = 0;
					break;
				}
				sum += one;
			}
			if (sum > 0)
				found.push({ entry, sum });
		}
		return found.sort((a, b) => b.sum - a.sum);
	}

	/* How many letters must be changed, added or left out to make b of a. */
	function distance(a, b) {
		let above = Array.from({ length: b.length + 1 }, (_, i) => i);
		for (let i = 1; i <= a.length; i++) {
			const row = [i];
			for (let j = 1; j <= b.length; j++)
				row.push(Math.min(above[j] + 1, row[j - 1] + 1,
					above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
			above = row;
		}
		return above[b.length];
	}

	/* Names of directives and variables that are written nearly so. */
	function near(word) {
		return sections
			.filter(entry => /^\$?[a-z0-9_]+$/.test(entry.name) && Math.abs(entry.name.length - word.length) < 3)
			.map(entry => ({ entry, sum: distance(entry.name, word) }))
			.filter(match => match.sum <= (word.length > 5 ? 2 : 1))
			.sort((a, b) => a.sum - b.sum);
	}

	/* The text around the first of the words, with all of them marked. */
	function excerpt(entry, words) {
		const paragraph = document.createElement("p");
		const first = Math.min(...words.map(word => {
			const at = entry.content.indexOf(word);
			return at < 0 ? Infinity : at;
		}));
		let from = first === Infinity ? 0 : Math.max(0, first - 70);
		while (from > 0 && entry.text[from - 1] !== " ")
			from--;
		let to = Math.min(from + 210, entry.text.length);
		while (to < entry.text.length && to > from + 140 && entry.text[to] !== " ")
			to--;
		const text = (from > 0 ? "… " : "") + entry.text.slice(from, to) + (to < entry.text.length ? " …" : "");
		const lower = text.toLowerCase();
		let at = 0;
		while (at < text.length) {
			let next = text.length, length = 0;
			for (const word of words) {
				const found = lower.indexOf(word, at);
				if (found >= 0 && found < next) {
					next = found;
					length = word.length;
				}
			}
			paragraph.append(text.slice(at, next));
			if (length > 0) {
				const mark = document.createElement("mark");
				mark.textContent = text.slice(next, next + length);
				paragraph.append(mark);
			}
			at = next + length;
		}
		return paragraph;
	}

	function show(found, words) {
		results.replaceChildren(...found.slice(0, most).map(({ entry }) => {
			const item = document.createElement("li");
			const link = document.createElement("a");
			const page = document.createElement("small");
			link.href = "../" + entry.address;
			link.textContent = entry.section || entry.page;
			page.textContent = " " + (entry.section ? entry.page : "");
			item.append(link, page, excerpt(entry, words));
			return item;
		}));
	}

	function search() {
		const words = field.value.toLowerCase().split(/\s+/).filter(word => word !== "");
		if (words.length === 0) {
			summary.textContent = "";
			results.replaceChildren();
			return;
		}
		let found = find(words);
		summary.textContent = found.length === 0 ? "Nothing was found."
			: found.length === 1 ? "One place."
			: found.length + " places" + (found.length > most ? ", the best " + most + " of them:" : ".");
		if (found.length === 0 && words.length === 1) {
			found = near(words[0]);
			if (found.length > 0)
				summary.textContent = "Nothing was found. Names that are written nearly so:";
		}
		show(found, words);
	}

	field.value = new URLSearchParams(location.search).get("q") || "";
	field.addEventListener("input", search);
	search();
	field.focus();
})();
