/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body of the response. Each piece has its own pool, which is destroyed when the piece was
 * sent.
 */
#include "listing.h"

enum { PIECE = 16 << 10 }; /* bytes; the last entry of a piece may exceed them */

/* --- ready-made compressed files ------------------------------------------------------- */

static bool has_file(const struct directory *directory, enum directory_order order,
		     struct str name)
{
	size_t from = 0, end = directory->count;

	while (from < end) {
		size_t middle = from + (end - from) / 2;
		const struct directory_entry *entry = &directory->entries[middle];
		int compared = entry->kind == FILE_DIRECTORY ? -1 :
			       order == DIRECTORY_NATURAL    ?
							    str_compare_natural(entry->name, name) :
							    strcmp(entry->name.data, name.data);
		if (compared == 0)
			return entry->kind == FILE_REGULAR;
		if (compared < 0)
			from = middle + 1;
		else
			end = middle;
	}
	return false;
}

/* Whether the entry is a compressed version of a file in the same directory. */
static bool is_compressed(const struct listing *listing, struct pool *pool,
			  const struct directory_entry *entry)
{
	static const struct str suffixes[] = { STR_INIT(".gz"), STR_INIT(".br"), STR_INIT(".zst") };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (entry->kind == FILE_REGULAR && str_ends(entry->name, suffixes[i])) {
			struct str name = str_head(entry->name,
						   entry->name.len - suffixes[i].len);
			return has_file(listing->directory, listing->format->order,
					pool_strdup(pool, name));
		}
	return false;
}

/* --- pieces ---------------------------------------------------------------------------- */

static void add_entry(struct listing *listing, struct text *text)
{
	const struct directory_entry *entry = &listing->directory->entries[listing->next++];

	if (listing->conf->omit_compressed && is_compressed(listing, text->pool, entry))
		return;
	listing->format->entry(listing, text, entry);
	if (entry->kind == FILE_DIRECTORY)
		listing->directories++;
	else
		listing->files++;
	if (entry->kind == FILE_REGULAR)
		listing->bytes += entry->size;
}

static void release_piece(void *pool)
{
	pool_destroy(pool);
}

/* Writes the next piece. False: the listing is complete. */
static bool write_piece(struct listing *listing)
{
	if (listing->has_ended)
		return false;

	struct text text = { .pool = pool_create(PIECE) };

	if (!listing->has_begun)
		listing->format->begin(listing, &text);
	listing->has_begun = true;
	while (text.len < PIECE && listing->next < listing->directory->count)
		add_entry(listing, &text);
	if (text.len < PIECE) {
		listing->format->end(listing, &text);
		listing->has_ended = true;
	}
	if (text.len == 0) {
		pool_destroy(text.pool);
		return false;
	}
	listing->offset = 0;
	listing->piece_len = text.len;
	listing->piece = slice_share((struct slice){
		.data = text.data,
		.len = text.len,
		.fd = -1,
		.release = release_piece,
		.owner = text.pool,
	});
	return true;
}

static int listing_read(struct body *body, size_t max, struct slice *out)
{
	struct listing *listing = (struct listing *)body;

	if (!listing->piece && !write_piece(listing))
		return 0;

	size_t rest = listing->piece_len - listing->offset, len = rest < max ? rest : max;

	*out = slice_part(listing->piece, listing->offset, len);
	listing->offset += len;
	if (len == rest) {
		slice_unshare(listing->piece);
		listing->piece = NULL;
	}
	return 1;
}

static void listing_close(struct body *body)
{
	struct listing *listing = (struct listing *)body;

	slice_unshare(listing->piece);
	listing->piece = NULL;
}

void listing_respond(struct listing *listing)
{
	static const struct body_ops ops = { .read = listing_read, .close = listing_close };

	listing->body = (struct body){ .ops = &ops, .length = -1 };
	listing->req->response.body = &listing->body;
}
