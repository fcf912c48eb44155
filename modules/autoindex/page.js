/* SPDX-License-Identifier: BSD-2-Clause */
"use strict";
(function () {
	const table = document.querySelector("table"), body = table.tBodies[table.tBodies.length - 1];
	const heads = Array.from(table.tHead.rows[0].cells);
	const filter = document.querySelector("input"), total = document.querySelector("p");
	const all = total.textContent;
	const entries = Array.from(body.rows).filter(row => row.cells.length === 3).map((row, i) => ({
		row,
		name: row.cells[0].textContent.toLowerCase(),
		folder: row.cells[0].className === "d",
		keys: [i, Number(row.cells[1].dataset.n || -1), Number(row.cells[2].dataset.n)],
	}));

	function show(column, direction) {
		const sorted = entries.slice().sort((a, b) =>
			b.folder - a.folder || direction * (a.keys[column] - b.keys[column]) ||
			a.keys[0] - b.keys[0]);
		const rows = document.createDocumentFragment();

		sorted.forEach(entry => rows.append(entry.row));
		body.append(rows);
		heads.forEach((head, i) => {
			if (i === column)
				head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
			else
				head.removeAttribute("aria-sort");
		});
	}

	function narrow() {
		const wanted = filter.value.trim().toLowerCase();
		let count = 0;

		for (const entry of entries) {
			const hidden = !entry.name.includes(wanted);

			if (entry.row.hidden !== hidden)
				entry.row.hidden = hidden;
			count += !hidden;
		}
		total.textContent = wanted ? count + " of " + all : all;
	}

	/* Names begin with the first, sizes and dates with the largest and the latest. */
	heads.forEach((head, i) => {
		const button = document.createElement("button");

		button.type = "button";
		button.append(...head.childNodes);
		head.append(button);
		button.addEventListener("click", () => {
			const now = head.getAttribute("aria-sort");

			show(i, now ? (now === "ascending" ? -1 : 1) : i ? -1 : 1);
		});
	});
	if (entries.length > 1) {
		heads[0].setAttribute("aria-sort", "ascending");
		filter.hidden = false;
		filter.addEventListener("input", narrow);
		document.addEventListener("keydown", event => {
			if (event.key === "/" && document.activeElement !== filter && !event.ctrlKey &&
			    !event.metaKey && !event.altKey) {
				event.preventDefault();
				filter.focus();
			} else if (event.key === "Escape" && document.activeElement === filter) {
				filter.value = "";
				narrow();
				filter.blur();
			}
		});
		narrow();
	}
}());
