/* SPDX-License-Identifier: BSD-2-Clause */
#include "page.h"

#include <stdlib.h>

enum {
	READ = 32 * 1024, /* bytes of the document that are read at once, and executed ahead */
	TEXT_MAX = 32 * 1024, /* bytes of text that become one piece */
	SHORT_TEXT = 256, /* bytes of the document that are copied rather than shared */
};

/* --- the queue ------------------------------------------------------------------- */

static bool is_full(const struct page *page)
{
	/* One command adds at most a text and an include. */
	return page->count > QUEUE - 3 || page->includes == AT_ONCE;
}

static struct piece *push(struct page *page)
{
	assert(page->count < QUEUE);
	struct piece *piece = &page->pieces[(page->first + page->count++) % QUEUE];

	*piece = (struct piece){ .slice.fd = -1 };
	return piece;
}

static void pop(struct page *page)
{
	struct piece *piece = &page->pieces[page->first];

	if (piece->include) {
		include_end(piece->include);
		page->includes--;
	}
	slice_release(&piece->slice);
	slice_unshare(piece->shared);
	page->first = (page->first + 1) % QUEUE;
	page->count--;
}

static void add_slice(struct page *page, struct slice slice)
{
	struct piece *piece = push(page);

	piece->slice = slice;
	piece->len = slice.len;
}

/* What was added by page_add() becomes a piece. */
static void end_text(struct page *page)
{
	if (page->text_len > 0)
		add_slice(page, (struct slice){ .data = page->text, .len = page->text_len, .fd = -1,
						.release = free, .owner = page->text });
	else
		free(page->text);
	page->text = NULL;
	page->text_len = page->text_capacity = 0;
}

void page_add(struct page *page, struct str text)
{
	if (str_empty(text))
		return;
	if (text.len > page->text_capacity - page->text_len) {
		size_t capacity = 2 * (page->text_len + text.len) + SHORT_TEXT;
		char *larger = heap_alloc(capacity);

		str_put(larger, (struct str){ page->text, page->text_len });
		free(page->text);
		page->text = larger;
		page->text_capacity = capacity;
	}
	str_put(page->text + page->text_len, text);
	page->text_len += text.len;
}

void page_add_include(struct page *page, struct include *include)
{
	end_text(page);
	push(page)->include = include;
	page->includes++;
}

/* Gives out a piece, or a part of it. The piece stays in the queue until it is empty. */
static void give(struct piece *piece, size_t max, struct slice *out)
{
	if (!piece->shared && piece->len <= max) {
		*out = piece->slice;
		piece->slice = (struct slice){ .fd = -1 };
		piece->given = piece->len;
		return;
	}
	if (!piece->shared) {
		piece->shared = slice_share(piece->slice);
		piece->slice = (struct slice){ .fd = -1 };
	}

	size_t left = piece->len - piece->given, len = left < max ? left : max;

	*out = slice_part(piece->shared, piece->given, len);
	piece->given += len;
}

/* --- the document ---------------------------------------------------------------- */

/* A part of the document between commands. */
static void take_text(struct page *page, struct str text)
{
	if (page->block && !shared_add_to_block(page->shared, page->block, text)) {
		request_log(page->req, LEVEL_ERROR, 0,
			    "the block \"%.*s\" of SSI was cut off: variables and blocks have "
			    "more than %d bytes",
			    STR_ARG(page->block->name), KEPT_MAX);
		page->block = NULL;
	}
	if (page->is_hidden)
		return;
	/* What is no part of the input, but was held by the scanner, is short. */
	if (text.len <= SHORT_TEXT) {
		page_add(page, text);
		return;
	}
	end_text(page);
	add_slice(page, body_scanner_part(&page->input, (size_t)(text.data - page->input.bytes),
					  text.len));
}

/* Executes what was read, until the queue is full or a command has to wait. */
static void execute(struct page *page)
{
	struct body_scanner *input = &page->input;
	enum scanned found = SCAN_TEXT;

	while (found != SCAN_END && !is_full(page) && !page->must_wait &&
	       page->text_len < TEXT_MAX) {
		struct str rest = { input->bytes + input->at, input->len - input->at }, text;

		found = scan(&page->scan, &rest, &text);
		input->at = input->len - rest.len;
		if (found == SCAN_TEXT)
			take_text(page, text);
		else if (found != SCAN_END)
			command_run(page, found);
	}
}

/*
 * Reads and executes until something can be sent. As long as this is an include, READ bytes of
 * the document are executed in any case. 1, or -errno if there is nothing to send.
 */
static int advance(struct page *page)
{
	size_t taken = 0;
	int result = 1;

	while (!is_full(page) && !page->must_wait && page->text_len < TEXT_MAX && taken < READ) {
		result = body_scanner_fill(&page->input, READ - taken);
		if (result == 0) {
			page->has_ended = true;
			take_text(page, scan_rest(&page->scan));
		}
		if (result != 1)
			break;

		size_t before = page->input.at;

		execute(page);
		taken += page->input.at - before;
		if (page->includes == 0 && page->count > 0)
			break;
	}
	end_text(page);
	return result < 0 && page->count == 0 ? result : 1;
}

static int page_read(struct body *body, size_t max, struct slice *out)
{
	struct page *page = (struct page *)body;

	for (;;) {
		struct piece *piece = &page->pieces[page->first];
		int result = 0;

		if (page->count == 0) {
			page->must_wait = false;
			if (page->has_ended)
				return 0;
			result = advance(page);
			if (result < 0)
				return result;
			continue;
		}
		if (piece->include)
			result = include_read(piece->include, max, out);
		else if (piece->given < piece->len)
			result = (give(piece, max, out), 1);
		if (result != 0)
			return result;
		pop(page);
	}
}

static void page_close(struct body *body)
{
	struct page *page = (struct page *)body;

	while (page->count > 0)
		pop(page);
	free(page->text);
	free(page->errmsg);
	page->text = page->errmsg = NULL;
	scan_finish(&page->scan);
	body_scanner_close(body);
}

const struct body_ops page_ops = { .read = page_read, .close = page_close };

void page_init(struct page *page, struct request *req, const struct ssi_conf *conf)
{
	page->req = req;
	page->conf = conf;
	page->shared = shared_of(req);
	page->scan.value_max = (size_t)conf->value_length.bytes;
	page->encoding = ENCODE_ENTITIES;
}
