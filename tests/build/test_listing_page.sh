#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A shared folder as a browser sees it: `skua serve` lists it, the page's policy lets its own
# script and style work and nothing else, filter and sorting do what they say without leaving the
# page, names with anything in them lead where they should, nothing is wider than a phone, texts
# can be read in the light and in the dark (browser.js), and without scripts there is the table.
#
# Chromium opens a page of this test, which has the listing in a frame, works it, and writes
# down what it sees.

. "$(dirname "$0")/cases.sh"

SKUA=${SKUA:-build/skua}
folder=$dir/folder

find_browser() {
	for browser in chromium-headless-shell chromium chromium-browser google-chrome; do
		command -v "$browser" && return
	done
	return 1
}

make_folder() {
	mkdir -p "$folder/b10" "$folder/b9" "$folder/.secret"
	printf 123 >"$folder/z"
	printf 12 >"$folder/a10.txt"
	printf 1 >"$folder/a9.txt"
	# shellcheck disable=SC2016 # it is no expansion
	for name in 'a<img src=x onerror=alert(1)>"'"'"'&' 'javascript:alert(1)' '%41' 'q?x#y' ' blank '; do
		printf 'found: %s' "$name" >"$folder/$name"
	done
	long=$(printf 'x%.0s' $(seq 250))
	: >"$folder/$long"
	printf 'exe\342\200\256txt' >"$dir/name"
	: >"$folder/$(cat "$dir/name")"
	cp "$0" "$folder/.secret/file"
	printf 'A <b>README</b>.\n' >"$folder/b10/README.md"
	printf 1 >"$folder/b10/one.txt"
}

# What the page does, step by step; each step is a line of what is seen.
write_page() {
	cat >"$folder/work.html" <<-'END'
		<!doctype html><meta charset="utf-8"><title>work</title>
		<iframe id="wide" src="./" width="1000" height="400"></iframe>
		<iframe id="narrow" src="./" width="320" height="400"></iframe>
		<iframe id="b10" src="b10/" width="800" height="400"></iframe>
		<pre></pre>
		<script>
	END
	cat tests/build/browser.js - >>"$folder/work.html" <<-'END'
		</script>
		<script>
		tables_stack = false;
		const lines = [];
		const say = (...words) => lines.push(words.join(" "));
		const page = id => document.getElementById(id).contentDocument;
		const rows = doc => [...doc.querySelectorAll("tbody tr")].filter(row => !row.hidden)
			.map(row => row.querySelector("td").textContent).filter(name => name !== "..");
		const press = (doc, i) => doc.querySelectorAll("th button")[i].click();
		const first = doc => rows(doc).slice(0, 4).join("|");

		async function work() {
			const doc = page("wide"), filter = doc.querySelector("input");
			const address = doc.location.href, steps = history.length;
			for (const [id, width] of [["wide", 1000], ["narrow", 320], ["b10", 800]])
				check(document.getElementById(id).contentWindow, id, width);
			for (const id of ["wide", "b10"])
				check_headings(page(id), what => wrong.add(what)),
				check_names(page(id), what => wrong.add(what));
			say("wrong:", [...wrong].join(", ") || "nothing");
			say("style:", getComputedStyle(doc.querySelector("table")).tableLayout);
			say("heads:", [...doc.querySelectorAll("th button")].map(b => b.textContent).join("|"));
			say("names:", first(doc));
			press(doc, 0);
			say("down:", first(doc));
			press(doc, 1);
			say("by size:", first(doc), doc.querySelector("[aria-sort]").textContent);
			press(doc, 1);
			say("by size up:", rows(doc)[2]);
			press(doc, 0);
			say("again:", first(doc), doc.querySelectorAll("[aria-sort]").length);
			filter.value = "A9";
			filter.dispatchEvent(new Event("input"));
			say("filtered:", rows(doc).join("|"), "-", doc.querySelector("p").textContent);
			filter.value = "";
			filter.dispatchEvent(new Event("input"));
			say("total:", doc.querySelector("p").textContent);
			say("same page:", doc.location.href === address, history.length === steps);
			say("links with a query:", [...doc.links].filter(link => link.search).length);
			say("hidden names:", rows(doc).some(name => name.startsWith(".")));
			say("shown:", rows(doc).filter(name => name.includes("exe")).join());
			for (const link of doc.querySelectorAll("tbody a")) {
				if (link.textContent.length > 100 || link.className || !link.parentNode.nextSibling.textContent.trim())
					continue;
				const text = await (await fetch(link.href)).text();
				if (text.startsWith("found: "))
					say("link:", text === "found: " + link.textContent, link.textContent);
			}
			const elements = [...page("narrow").querySelectorAll("h1, input, table, td, p")];
			say("too wide:", elements.filter(e => e.getBoundingClientRect().right > 320).length);
			say("scripts of names:", doc.images.length);
			document.querySelector("pre").textContent = lines.join("\n");
			document.title = "done";
		}
		addEventListener("load", () => work().catch(error => {
			document.querySelector("pre").textContent = lines.join("\n") + "\n" + error.stack;
		}));
		</script>
	END
}

# The listing in the dark, and in a frame that may not run scripts. What its policy refuses is
# tried: a script, a style, a picture of another site, a form.
write_closed_page() {
	cat >"$folder/closed.html" <<-'END'
		<!doctype html><meta charset="utf-8"><title>closed</title>
		<iframe id="dark" src="./" width="1000" height="400"></iframe>
		<iframe id="plain" src="./" width="320" height="400" sandbox="allow-same-origin"></iframe>
		<pre></pre>
		<script>
	END
	cat tests/build/browser.js - >>"$folder/closed.html" <<-'END'
		</script>
		<script>
		tables_stack = false;
		const lines = [];
		const say = (...words) => lines.push(words.join(" "));
		const page = id => document.getElementById(id).contentDocument;

		function add(doc, name, members) {
			return doc.body.appendChild(Object.assign(doc.createElement(name), members));
		}

		async function work() {
			const doc = page("dark"), plain = page("plain"), refused = new Set();
			doc.addEventListener("securitypolicyviolation", event => refused.add(event.effectiveDirective));
			check(document.getElementById("dark").contentWindow, "dark", 1000);
			say("wrong:", [...wrong].join(", ") || "nothing");
			say("dark:", luminance(background(doc.defaultView, doc.body)) < 0.1);
			add(doc, "script", { textContent: "parent.ran = true" });
			add(doc, "p", { id: "own" }).setAttribute("style", "color: red");
			add(doc, "img", { src: "http://other.invalid/a.png" });
			add(doc, "iframe", { src: "javascript:parent.parent.ran = true" });
			add(doc, "iframe", { src: "data:text/html,a" });
			add(doc, "form", { action: "./" }).requestSubmit();
			await new Promise(resolve => setTimeout(resolve, 500));
			say("refused:", [...refused].sort().join(", "));
			say("ran:", Boolean(window.ran), doc.getElementById("own").style.color);
			say("plain:", plain.querySelectorAll("tbody tr").length > 5, plain.querySelectorAll("button").length,
				plain.querySelector("input").hidden,
				plain.defaultView.getComputedStyle(plain.querySelector("table")).tableLayout);
			document.querySelector("pre").textContent = lines.join("\n");
		}
		addEventListener("load", () => work().catch(error => {
			document.querySelector("pre").textContent = lines.join("\n") + "\n" + error.stack;
		}));
		</script>
	END
}

# Starts the server; $url is where it serves, $pid its process.
serve() {
	rm -f "$dir/log" # of the one before
	"$SKUA" serve "$folder" -p 0 -w 1 >"$dir/log" 2>&1 &
	pid=$!
	tries=0
	until url=$(grep -so 'http://[0-9.:]*/' "$dir/log"); do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || { cat "$dir/log" && return 1; }
		sleep 0.1
	done
}

# What the page $1 has written down is in $dir/out, what the browser complains about in $dir/errors.
# Further options: $2...
browse() {
	address=$url$1
	shift
	timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--user-data-dir="$dir/profile" --virtual-time-budget=20000 --enable-logging=stderr "$@" \
		--dump-dom "$address" >"$dir/page" 2>"$dir/errors" || {
		cat "$dir/errors"
		return 1
	}
	sed -n '/<pre>/,/<\/pre>/p' "$dir/page" |
		sed 's/^.*<pre>//; s,</pre>.*,,; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' >"$dir/out"
}

stop() {
	kill "$pid"
	wait "$pid" || true
}

the_page_works() {
	make_folder
	write_page
	serve
	browse work.html --blink-settings=preferredColorScheme=1 || { stop && return 1; }
	stop
	says 'wrong: nothing'
	says 'same page: true true'
	says 'links with a query: 0'
	says 'style: fixed'
	says 'heads: Name|Size|Modified'
	says 'names: b9/|b10/| blank |%41'
	says 'down: b10/|b9/|z|'
	says 'by size: b9/|b10/|work.html|a<img src=x onerror=alert(1)>"'"'"'& Size'
	says 'by size up: exe\u202Etxt'
	says 'again: b9/|b10/| blank |%41 1'
	says 'filtered: a9.txt - 1 of 2 folders, 11 files,'
	says 'total: 2 folders, 11 files,'
	says 'hidden names: false'
	says 'shown: exe\u202Etxt'
	says 'link: true a<img src=x onerror=alert(1)>"'"'"'&'
	says 'link: true javascript:alert(1)'
	says 'link: true %41'
	says 'link: true q?x#y'
	says 'link: true  blank '
	says 'too wide: 0'
	says 'scripts of names: 0'
	lacks CONSOLE "$dir/errors"
}

the_page_lets_nothing_else_work() {
	write_closed_page
	serve
	browse closed.html --blink-settings=preferredColorScheme=0 || { stop && return 1; }
	stop
	says 'wrong: nothing'
	says 'dark: true'
	says 'refused: form-action, frame-src, img-src, script-src-elem, style-src-attr'
	says 'ran: false'
	says 'plain: true 0 true fixed'
}

browser=$(find_browser) || skip 'there is no Chromium'
run_cases the_page_works the_page_lets_nothing_else_work
