/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The script of test_browser.sh: loads each of `pages` into frames of three widths, and lists
 * in #result (a page without this element, as in test_listing_page.sh, calls check() itself): pages that are wider than their frame, headings that leave out a level, ids that
 * occur twice, titles that two pages have, links, fields and navigations without a name, texts
 * with too little contrast (WCAG 2, level AA), tables that lose their heads on a narrow screen. */

"use strict";

const widths = [360, 800, 1280];
const wrong = new Set();
const titles = new Map();
let tables_stack = true; /* on a narrow screen, cells stand below each other */

function parse(color) {
	const parts = color.match(/[\d.]+/g).map(Number);
	return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
}

function luminance(rgb) {
	const [r, g, b] = rgb.map(value => {
		value /= 255;
		return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
	const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
	return (light + 0.05) / (dark + 0.05);
}

function background(view, element) {
	for (; element; element = element.parentElement) {
		const color = parse(view.getComputedStyle(element).backgroundColor);
		if (color.alpha === 1)
			return color.rgb;
	}
	return [255, 255, 255];
}

/* Of texts that are seen. Those of drawings are measured against the page below them. */
function check_contrast(view, body, say) {
	const walker = view.document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const element = walker.currentNode.parentElement;
		const style = view.getComputedStyle(element);
		if (walker.currentNode.data.trim() === "" || /^(SCRIPT|STYLE|NOSCRIPT)$/i.test(element.tagName) ||
			element.getClientRects().length === 0)
			continue;
		const color = parse(element.namespaceURI.endsWith("svg") ? style.fill : style.color);
		const size = parseFloat(style.fontSize);
		const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
		const ratio = contrast(color.rgb, background(view, element));
		if (ratio < (large ? 3 : 4.5))
			say(`contrast ${ratio.toFixed(2)} of "${walker.currentNode.data.trim().slice(0, 30)}"`);
	}
}

function check_headings(root, say) {
	let last = 0;
	const headings = [...root.querySelectorAll("h1, h2, h3, h4")];
	if (headings.filter(heading => heading.tagName === "H1").length !== 1)
		say("has not exactly one h1");
	for (const heading of headings) {
		const level = Number(heading.tagName[1]);
		if (level > last + 1)
			say(`h${level} follows h${last}: ${heading.textContent}`);
		last = level;
	}
}

function check_names(root, say) {
	const name = element => element.getAttribute("aria-label") || element.textContent.trim() ||
		[...element.labels || []].map(label => label.textContent).join("");
	for (const [selector, what] of [["a[href]", "link"], ["input", "input"], ["button", "button"]])
		for (const element of root.querySelectorAll(selector))
			if (!name(element))
				say(`${what} without a name`);
	const navs = [...root.querySelectorAll("nav")].map(nav => nav.getAttribute("aria-label"));
	if (navs.includes(null))
		say("nav without a name");
	if (new Set(navs).size !== navs.length)
		say("two navs have one name");
	for (const image of root.querySelectorAll("svg"))
		if (!image.closest("[aria-hidden]") && !image.getAttribute("aria-label"))
			say("drawing without a name");
	const ids = [...root.querySelectorAll("[id]")].map(element => element.id);
	for (const id of ids.filter((id, i) => ids.indexOf(id) !== i))
		say(`the id ${id} occurs twice`);
}

function check_tables(view, root, say) {
	for (const table of root.querySelectorAll("table:not(.figures)"))
		for (const cell of table.querySelectorAll("thead ~ tbody td, thead ~ tr td"))
			if (cell.textContent !== "" && view.getComputedStyle(cell, "::before").content === "none")
				say(`a cell has lost its head: "${cell.textContent.slice(0, 30)}"`);
}

function check(view, page, width) {
	const root = view.document;
	const say = what => wrong.add(`${page} (${width}): ${what}`);
	if (root.documentElement.scrollWidth > width)
		say(`is wider: ${root.documentElement.scrollWidth}`);
	check_contrast(view, root.body, say);
	if (width < 640 && tables_stack)
		check_tables(view, root, say);
	if (width !== widths[0])
		return;
	check_headings(root, say);
	check_names(root, say);
	if (titles.has(root.title))
		say(`has the title of ${titles.get(root.title)}`);
	titles.set(root.title, page);
}

async function look() {
	for (const width of widths) {
		const frame = document.createElement("iframe");
		frame.style.cssText = `border: 0; width: ${width}px; height: 900px`;
		document.body.append(frame);
		for (const page of pages) {
			frame.src = page;
			await new Promise(resolve => frame.addEventListener("load", resolve, { once: true }));
			check(frame.contentWindow, page, width);
		}
		frame.remove();
	}
	document.getElementById("result").textContent = "\n" +
		(wrong.size === 0 ? `${pages.length} pages are well` : [...wrong].join("\n")) + "\n";
}

if (document.getElementById("result"))
	look();
