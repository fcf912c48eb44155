/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A listing that is being sent. It is written piece by piece from the entries of the directory,
 * while the client reads it. So a slow client keeps only one piece in memory.
 */
#ifndef AUTOINDEX_LISTING_H
#define AUTOINDEX_LISTING_H

#include <module.h>

struct listing;

struct autoindex_conf {
	bool is_on, exact_size, localtime, query, omit_compressed;
	int format; /* enum format_name */
	struct str_list readme; /* the names of autoindex_readme, in order */
};

enum format_name { FORMAT_HTML, FORMAT_XML, FORMAT_JSON, FORMAT_JSONP, FORMAT_TEXT };

/*
 * The functions with which a format writes a listing: begin(), then entry() for each entry, then
 * end().
 */
struct format {
	const char *content_type, *charset; /* charset "": Content-Type has no charset */
	enum directory_order order;
	void (*begin)(struct listing *listing, struct text *text);
	void (*entry)(struct listing *listing, struct text *text,
		      const struct directory_entry *entry);
	void (*end)(struct listing *listing, struct text *text);
};

extern const struct format format_html, format_xml, format_json, format_jsonp, format_text;

struct listing {
	struct body body; /* first */
	struct request *req;
	const struct autoindex_conf *conf;
	const struct directory *directory;
	const struct format *format;
	struct str uri; /* of the directory */
	struct str callback; /* of JSONP */
	struct file *readme; /* NULL: there is none */

	/* The state of the writing so far. */
	size_t next; /* the index of the next entry */
	size_t files, directories;
	uint64_t bytes; /* of the files */
	bool has_begun, has_ended;

	/* The piece that is being read. NULL: the next piece has to be written. */
	struct shared_slice *piece;
	size_t offset, piece_len;
};

/*
 * Makes the listing the body of the response. The caller has set its members from `req` to
 * `readme`.
 */
void listing_respond(struct listing *listing);

/* The Content-Security-Policy of the page. */
struct str html_policy(void);

#endif
