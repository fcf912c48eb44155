/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Splitting targets, normalizing paths, checking host names. Most paths and
 * hosts are in normal form already: a quick look finds that out, and nothing is
 * copied. Encoding is in escape.c.
 */
#include "http/field/uri.h"

#include <escape.h>

/* --- targets ---------------------------------------------------------------- */

/* The scheme of the absolute form, cut off *text with its "://". */
static bool skip_scheme(struct str *text)
{
	static const struct str schemes[] = { STR_INIT("http://"), STR_INIT("https://") };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (!str_eq_nocase(str_head(*text, schemes[i].len), schemes[i]))
			continue;
		*text = str_skip(*text, schemes[i].len);
		return true;
	}
	return false;
}

/* "path?args#fragment" */
static void split_path(struct str text, struct target *out)
{
	ssize_t fragment = str_chr(text, '#');

	out->path_and_args = text;
	if (fragment >= 0)
		text = str_head(text, (size_t)fragment);
	out->path = str_split(&text, '?');
	out->args = text;
}

static int split_absolute(struct str text, struct target *out)
{
	size_t len = 0;

	if (!skip_scheme(&text))
		return 400;
	while (len < text.len && !memchr("/?#", text.data[len], 3))
		len++;
	out->form = TARGET_ABSOLUTE;
	out->authority = str_head(text, len);
	split_path(str_skip(text, out->authority.len), out);
	if (out->path.len == 0)
		out->path = STR("/");
	if (out->path_and_args.len == 0)
		out->path_and_args = out->path;
	return out->authority.len > 0 ? 0 : 400;
}

int target_split(enum method method, struct str text, struct target *out)
{
	*out = (struct target){ .form = TARGET_ORIGIN };

	if (method == METHOD_CONNECT) {
		out->form = TARGET_AUTHORITY;
		out->authority = text;
		out->path_and_args = text;
		return text.len > 0 ? 0 : 400;
	}
	if (text.len > 0 && text.data[0] == '/') {
		split_path(text, out);
		return 0;
	}
	if (str_eq(text, STR("*"))) {
		out->form = TARGET_ASTERISK;
		out->path = text;
		out->path_and_args = text;
		return method == METHOD_OPTIONS ? 0 : 400;
	}
	return split_absolute(text, out);
}

/* --- paths ------------------------------------------------------------------ */

/*
 * Whether any of eight bytes is a percent sign, a NUL, or a slash or a dot behind a slash.
 * `before` has at each place the byte that stands before the one in `bytes`.
 */
static inline bool has_special(const char *at)
{
	typedef uint8_t octets __attribute__((vector_size(8)));
	octets before, bytes;

	memcpy(&before, at - 1, sizeof(before));
	memcpy(&bytes, at, sizeof(bytes));
	return (uint64_t)((bytes == '%') | (bytes == 0) |
			  ((before == '/') & ((bytes == '/') | (bytes == '.')))) != 0;
}

/* Whether the path, which begins with a slash, is in normal form: there is nothing to do. */
static bool is_normal(struct str path)
{
	const char *at = path.data + 1, *end = path.data + path.len;

	for (; end - at >= 8; at += 8)
		if (has_special(at))
			return false;
	for (; at < end; at++)
		if (*at == '%' || *at == 0 || (at[-1] == '/' && (*at == '/' || *at == '.')))
			return false;
	return true;
}

/* Takes the next character off *rest, decoded. False for NUL and for a malformed encoding. */
static bool next_char(struct str *rest, char *out)
{
	*out = rest->data[0];
	if (*out != '%') {
		*rest = str_skip(*rest, 1);
		return *out != 0;
	}
	if (rest->len < 3)
		return false;

	int high = hex_digit(rest->data[1]), low = hex_digit(rest->data[2]);

	if (high < 0 || low < 0 || (high | low) == 0)
		return false;
	*out = (char)(high << 4 | low);
	*rest = str_skip(*rest, 3);
	return true;
}

/* The same without decoding. */
static bool next_plain_char(struct str *rest, char *out)
{
	*out = rest->data[0];
	*rest = str_skip(*rest, 1);
	return *out != 0;
}

/*
 * The path that was written so far. It always begins with a slash, and
 * `segment` is where the last segment begins, behind the last slash.
 */
struct path_writer {
	char *data;
	size_t len, segment;
};

/*
 * Called when the last segment is complete: takes it back if it is ".", and with it the one
 * before if it is "..". Returns false if that leads above the root.
 */
static bool end_segment(struct path_writer *path)
{
	const char *segment = path->data + path->segment;
	size_t len = path->len - path->segment;

	if (len == 1 && segment[0] == '.')
		path->len = path->segment;
	if (len != 2 || segment[0] != '.' || segment[1] != '.')
		return true;

	if (path->segment == 1)
		return false;
	path->len = path->segment - 1;
	while (path->data[path->len - 1] != '/')
		path->len--;
	path->segment = path->len;
	return true;
}

static bool write_path(struct pool *pool, struct str path, bool merge_slashes,
		       bool next(struct str *rest, char *out), struct str *out)
{
	if (path.len == 0 || path.data[0] != '/')
		return false;
	*out = path;
	if (is_normal(path))
		return true;

	struct path_writer to = { .data = pool_alloc(pool, path.len + 1), .len = 1, .segment = 1 };
	struct str rest = str_skip(path, 1);
	char c;

	to.data[0] = '/';
	while (rest.len > 0) {
		if (!next(&rest, &c))
			return false;
		if (c != '/') {
			to.data[to.len++] = c;
			continue;
		}
		bool was_empty = to.len == to.segment;
		if (!end_segment(&to))
			return false;
		/* If the segment was "." or "..", the path ends with a slash already. */
		if (to.len == to.segment && (merge_slashes || !was_empty))
			continue;
		to.data[to.len++] = '/';
		to.segment = to.len;
	}
	if (!end_segment(&to))
		return false;
	to.data[to.len] = 0;
	*out = (struct str){ to.data, to.len };
	return true;
}

bool uri_decode(struct pool *pool, struct str text, struct str *out)
{
	*out = text;
	if (str_chr(text, '%') < 0)
		return str_chr(text, '\0') < 0;

	char *copy = pool_alloc(pool, text.len + 1), *to = copy;

	while (text.len > 0)
		if (!next_char(&text, to++))
			return false;
	*to = '\0';
	*out = str_range(copy, to);
	return true;
}

bool uri_decode_path(struct pool *pool, struct str path, bool merge_slashes, struct str *out)
{
	return write_path(pool, path, merge_slashes, next_char, out);
}

bool path_resolve(struct pool *pool, struct str path, bool merge_slashes, struct str *out)
{
	return write_path(pool, path, merge_slashes, next_plain_char, out);
}

/* --- hosts ------------------------------------------------------------------ */

enum host_char {
	HOST_NAME = 1 << 0, /* reg-name of RFC 3986 section 3.2.2 */
	HOST_LITERAL = 1 << 1, /* between the brackets of an address; IPvFuture has both */
	HOST_UPPER = 1 << 2,
};

static const uint8_t host_chars[256] = {
	['!'] = HOST_NAME,
	['$'] = HOST_NAME,
	['%'] = HOST_NAME | HOST_LITERAL,
	['&' ... ','] = HOST_NAME,
	['-' ... '.'] = HOST_NAME | HOST_LITERAL,
	['0' ... '9'] = HOST_NAME | HOST_LITERAL,
	[':'] = HOST_LITERAL,
	[';'] = HOST_NAME,
	['='] = HOST_NAME,
	['A' ... 'Z'] = HOST_NAME | HOST_LITERAL | HOST_UPPER,
	['_'] = HOST_NAME | HOST_LITERAL,
	['a' ... 'z'] = HOST_NAME | HOST_LITERAL,
	['~'] = HOST_NAME | HOST_LITERAL,
};

/* "[v1.": the address is of a version that is not known yet. */
static bool is_future(struct str text)
{
	size_t len = 2;

	if (text.len < len || ascii_lower(text.data[1]) != 'v')
		return false;
	while (len < text.len && hex_digit(text.data[len]) >= 0)
		len++;
	return len > 2 && len < text.len && text.data[len] == '.';
}

/*
 * How many bytes at the beginning are a host; 0 when there is none. *classes says
 * which characters it has.
 */
static size_t host_len(struct str text, uint8_t *classes)
{
	bool literal = text.len > 0 && text.data[0] == '[';
	uint8_t allowed = literal ? HOST_LITERAL : HOST_NAME;
	size_t len = literal ? 1 : 0;
	char before = '.';

	if (literal && is_future(text))
		allowed |= HOST_NAME;

	for (; len < text.len; len++) {
		char c = text.data[len];
		uint8_t class = host_chars[(uint8_t)c];

		if (!(class & allowed))
			break;
		if (before == '.' && c == '.')
			return 0;
		*classes |= class;
		before = c;
	}
	if (!literal)
		return len;
	return len >= 3 && len < text.len && text.data[len] == ']' ? len + 1 : 0;
}

int host_parse(struct pool *pool, struct str text, struct str *host)
{
	uint8_t classes = 0;
	struct str found = str_head(text, host_len(text, &classes));
	struct str port = str_skip(text, found.len);
	uint64_t number;

	if (found.len == 0 || (port.len > 0 && port.data[0] != ':'))
		return 400;
	if (port.len > 1 && str_to_u64(str_skip(port, 1), 65535, &number) < 0)
		return 400;
	if (found.data[found.len - 1] == '.')
		found.len--;
	*host = classes & HOST_UPPER ? pool_lower(pool, found) : found;
	return 0;
}
