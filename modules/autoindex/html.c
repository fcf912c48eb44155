/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HTML page. It is one document that contains page.css and page.js. Its
 * Content-Security-Policy allows only these two, by their hashes, so a script that a name brings
 * into the page would not run. Without scripts the page is a table. The script adds the filter and
 * the sorting by columns. There are no links for sorting, so a client that mirrors the site does
 * not get the same page in many orders.
 */
#include "listing.h"
#include "visible.h"

enum {
	CRUMBS_MAX = 24, /* directories above this one that are linked by name */
	README_MAX = 64 << 10, /* bytes of the file that are shown */
};

__asm__(".pushsection .rodata\n"
	".globl autoindex_css, autoindex_css_end, autoindex_js, autoindex_js_end\n"
	".hidden autoindex_css, autoindex_css_end, autoindex_js, autoindex_js_end\n"
	"autoindex_css:\n"
	".incbin \"modules/autoindex/page.css\"\n"
	"autoindex_css_end:\n"
	"autoindex_js:\n"
	".incbin \"modules/autoindex/page.js\"\n"
	"autoindex_js_end:\n"
	".popsection\n");

extern const char autoindex_css[], autoindex_css_end[], autoindex_js[], autoindex_js_end[];

static struct str css(void)
{
	return str_range(autoindex_css, autoindex_css_end);
}

static struct str js(void)
{
	return str_range(autoindex_js, autoindex_js_end);
}

static struct str hash_of(struct pool *pool, struct str bytes)
{
	unsigned char digest[SHA256_SIZE];

	sha256_of(bytes, digest);
	return base64_encode(pool, (struct str){ (const char *)digest, sizeof(digest) });
}

/* img-src allows the icon of the site (/favicon.ico), because browsers request it by themselves. */
struct str html_policy(void)
{
	static struct str policy;

	if (str_empty(policy)) {
		struct pool *pool = pool_create(0); /* lives as long as the process */

		policy = pool_printf(pool,
				     "default-src 'none'; style-src 'sha256-%.*s'; script-src "
				     "'sha256-%.*s'; img-src 'self'; base-uri 'none'; "
				     "form-action 'none'",
				     STR_ARG(hash_of(pool, css())), STR_ARG(hash_of(pool, js())));
	}
	return policy;
}

/* --- the path at the top --------------------------------------------------------------- */

static void add_steps_up(struct text *text, size_t steps)
{
	if (steps == 0)
		text_add(text, STR("./"));
	for (; steps > 0; steps--)
		text_add(text, STR("../"));
}

static size_t count_slashes(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.len; i++)
		count += s.data[i] == '/';
	return count;
}

/*
 * Writes "/ photos / 2024". All names but the last are links to the directories above. The links
 * are relative, since the URI that the client uses may differ from the URI in the server.
 */
static void add_path(struct text *text, struct str uri)
{
	size_t slashes = count_slashes(uri), steps = slashes ? slashes - 1 : 0;
	struct str rest = str_skip(uri, 1);

	text_add(text, STR("<a href=\""));
	add_steps_up(text, steps < CRUMBS_MAX ? steps : 1);
	text_add(text, steps < CRUMBS_MAX ? STR("\">/</a>") : STR("\">..</a><span>/…/</span>"));
	while (rest.len) {
		struct str name = str_split(&rest, '/');

		steps--;
		if (steps >= CRUMBS_MAX)
			continue;
		if (steps == 0) {
			visible_add(text, name, VISIBLE_HTML);
			break;
		}
		text_add(text, STR("<a href=\""));
		add_steps_up(text, steps);
		text_add(text, STR("\">"));
		visible_add(text, name, VISIBLE_HTML);
		text_add(text, STR("</a><span>/</span>"));
	}
}

static void begin_html(struct listing *listing, struct text *text)
{
	bool is_top = listing->uri.len <= 1;

	text_add(text,
		 STR("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width, "
		     "initial-scale=1\">\n"
		     "<title>Index of "));
	visible_add(text, listing->uri, VISIBLE_TITLE);
	text_add(text, STR("</title>\n<style>"));
	text_add(text, css());
	text_add(text, STR("</style>\n</head>\n<body>\n<header>\n<h1><span>Index of</span> <bdi>"));
	add_path(text, listing->uri);
	text_add(text, STR("</bdi></h1>\n<input type=\"search\" placeholder=\"Filter\" "
			   "aria-label=\"Filter by name\" autocomplete=\"off\" "
			   "spellcheck=\"false\" hidden>\n</header>\n<main>\n<table>\n"
			   "<thead><tr><th scope=\"col\">Name<th scope=\"col\">Size"
			   "<th scope=\"col\">Modified"));
	text_add(text, listing->conf->localtime ? STR("") : STR("<small> (UTC)</small>"));
	text_add(text, STR("</thead>\n"));
	if (!is_top)
		text_add(text, STR("<tbody><tr><td class=\"u\"><a href=\"../\">..</a><td><td>\n"));
	text_add(text, STR("<tbody>\n"));
}

/* --- entries --------------------------------------------------------------------------- */

/* Writes "1.5 KiB". Numbers with one digit before the point get one digit after it. */
static void add_size(struct text *text, uint64_t size)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)size;
	size_t unit = 0;

	for (; value >= 999.5; unit++)
		value /= 1024;
	text_printf(text, "%.*f %s", unit > 0 && value < 9.95 ? 1 : 0, value, units[unit]);
}

static void add_time(struct text *text, time_t time, bool local)
{
	char stamp[DATE_ISO8601_LEN];

	if (local)
		date_put_iso8601(stamp, time);
	else
		date_put_utc(stamp, time);
	/* The date "2026-11-28" and the time " 09:00"; a narrow screen does not show the time. */
	text_printf(text, "<td data-n=\"%lld\">%.10s<small> %.5s</small>\n", (long long)time, stamp,
		    stamp + 11);
}

static void add_html_entry(struct listing *listing, struct text *text,
			   const struct directory_entry *entry)
{
	bool is_directory = entry->kind == FILE_DIRECTORY, is_file = entry->kind == FILE_REGULAR;

	text_add(text, is_directory ? STR("<tr><td class=\"d\">") :
		       is_file	    ? STR("<tr><td>") :
				      STR("<tr><td class=\"o\">"));
	/* Without "./", a name with a colon would be a URL with a scheme. */
	if (is_directory || is_file) {
		text_add(text, STR("<a href=\"./"));
		text_add(text, uri_escape_component(text->pool, entry->name));
		text_add(text, is_directory ? STR("/\"><bdi>") : STR("\"><bdi>"));
	} else {
		text_add(text, STR("<bdi>"));
	}
	visible_add(text, entry->name, VISIBLE_HTML);
	text_add(text, STR("</bdi>"));
	if (is_directory)
		text_add_char(text, '/');
	if (is_directory || is_file)
		text_add(text, STR("</a>"));
	if (is_file) {
		text_printf(text, "<td data-n=\"%llu\">", (unsigned long long)entry->size);
		if (listing->conf->exact_size)
			text_printf(text, "%llu", (unsigned long long)entry->size);
		else
			add_size(text, entry->size);
	} else {
		text_add(text, STR("<td>"));
	}
	add_time(text, entry->mtime, listing->conf->localtime);
}

/* --- below the table ------------------------------------------------------------------ */

static void add_count(struct text *text, size_t count, const char *one, const char *many)
{
	text_printf(text, "%zu %s", count, count == 1 ? one : many);
}

static void add_totals(struct listing *listing, struct text *text)
{
	if (listing->files + listing->directories == 0) {
		text_add(text, STR("This folder is empty."));
		return;
	}
	if (listing->directories)
		add_count(text, listing->directories, "folder", "folders");
	if (listing->directories && listing->files)
		text_add(text, STR(", "));
	if (listing->files) {
		add_count(text, listing->files, "file", "files");
		text_add(text, STR(", "));
		add_size(text, listing->bytes);
	}
}

/* Reads the first README_MAX bytes of a file into the pool. False: the file cannot be read. */
static bool read_file(struct request *req, struct file *file, struct text *bytes)
{
	struct body *body = file_body(req, file);
	struct slice slice;
	int result = 1;

	while (bytes->len < README_MAX &&
	       (result = body_read_memory(body, README_MAX - bytes->len, &slice)) == 1) {
		text_add(bytes, (struct str){ slice.data, slice.len });
		slice_release(&slice);
	}
	body_close(body);
	return result >= 0;
}

static void add_readme(struct listing *listing, struct text *text)
{
	struct file *file = listing->readme;
	struct text bytes = { .pool = text->pool };
	ssize_t slash = str_rchr(file->path, '/');

	if (!read_file(listing->req, file, &bytes))
		return;
	text_add(text, STR("<section>\n<h2>"));
	visible_add(text, str_skip(file->path, (size_t)(slash + 1)), VISIBLE_HTML);
	text_add(text, STR("</h2>\n<pre>"));
	visible_add(text, text_str(&bytes), VISIBLE_LINES);
	text_add(text, file->size > README_MAX ? STR("…</pre>\n</section>\n") :
						 STR("</pre>\n</section>\n"));
}

static void end_html(struct listing *listing, struct text *text)
{
	text_add(text, STR("</table>\n<p role=\"status\">"));
	add_totals(listing, text);
	text_add(text, STR("</p>\n"));
	if (listing->readme)
		add_readme(listing, text);
	text_add(text, STR("</main>\n<script>"));
	text_add(text, js());
	text_add(text, STR("</script>\n</body>\n</html>\n"));
}

const struct format format_html = {
	.content_type = "text/html",
	.charset = "utf-8",
	.order = DIRECTORY_NATURAL,
	.begin = begin_html,
	.entry = add_html_entry,
	.end = end_html,
};
