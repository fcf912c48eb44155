/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one message about all blocks that forward requests:
 *
 *     skua: error: site.conf forwards requests, which this server does not do:
 *       location /api/     line 14   proxy_pass http://backend:3000   (+5 lines of proxy_*)
 *       location ~ \.php$  line 31   fastcgi_pass php:9000            (+3)
 *     Everything else is fine: 6 of 8 locations. …
 */
#include "config/internal.h"
#include "config/known/known.h"

#include <json.h>
#include <text.h>

enum { COLUMN_MAX = 40 }; /* the width up to which columns are aligned */

/* One line of the message, as texts that can be printed. */
struct forwarding_row {
	struct str block, place, pass;
	const struct conf_scope *scope;
	const struct conf_node *node; /* the directive that forwards */
	size_t tuning; /* lines beside it that are about its kind of forwarding */
	bool is_answered;
	struct forwarding_row *next;
};

/* "location ~ \.php$", with what it stands in if it is no location. */
static struct str block_text(struct pool *pool, const struct conf_scope *scope)
{
	struct text text = { .pool = pool };

	if (scope->context != IN_LOCATION && scope->parent && scope->parent->node)
		text_printf(&text, "%.*s, ", STR_ARG(block_text(pool, scope->parent)));
	text_add(&text, scope->node->name.text);
	for (size_t i = 0; i < scope->node->nargs; i++)
		text_printf(&text, " %.*s", STR_ARG(scope->node->args[i].text));
	return text_str(&text);
}

/* "proxy_" of "proxy_pass". */
static struct str family_of(const struct conf_node *node)
{
	struct str name = node->name.text;

	return str_head(name, (size_t)(str_chr(name, '_') + 1));
}

static size_t count_tuning(const struct conf_scope *scope, const struct conf_node *pass)
{
	size_t count = 0;

	for (const struct conf_node *node = scope->node->first; node; node = node->next) {
		struct str name = node->name.text;
		const struct known_group *group = known_find(known_directives, name, UINT_MAX);

		count += group && group->verdict == KNOWN_FORWARDING &&
			 str_starts(name, family_of(pass));
	}
	return count;
}

/* The location that the block is or stands in. */
static struct conf_scope *location_of(struct conf_scope *scope)
{
	while (scope->context != IN_LOCATION && scope->parent)
		scope = scope->parent;
	return scope;
}

void conf_forwards(struct conf_call *call, bool is_answered)
{
	const struct conf_node *pass = call->node;
	struct conf *conf = call->conf;
	struct pool *pool = conf->pool;
	struct forwarding_row *row = pool_new(pool, struct forwarding_row);
	struct conf_place place = call->scope->node->name.place;
	bool is_main = str_eq(place.file->name, conf->source.name);

	location_of(call->scope)->forwards |= !is_answered;
	row->scope = call->scope;
	row->node = pass;
	row->is_answered = is_answered;
	row->tuning = count_tuning(call->scope, pass);
	row->block = printable(pool, block_text(pool, call->scope));
	row->place = is_main ? pool_printf(pool, "line %u", place.line) :
			       printable(pool, conf_place_text(pool, &place));
	row->pass = printable(pool, pool_printf(pool, "%.*s %.*s", STR_ARG(pass->name.text),
						STR_ARG(pass->args[0].text)));
	*(conf->last_forwarding ? &conf->last_forwarding->next : &conf->forwarding) = row;
	conf->last_forwarding = row;
}

/* The first row of those that are answered, or of those that are not. */
static const struct forwarding_row *first_row(const struct forwarding_row *row, bool is_answered)
{
	while (row && row->is_answered != is_answered)
		row = row->next;
	return row;
}

void forwarding_count(struct conf *conf)
{
	if (first_row(conf->forwarding, true))
		conf->source.warnings++;
	if (first_row(conf->forwarding, false)) {
		conf->source.errors++;
		conf->source.not_supported++;
	}
}

/* --- as text ---------------------------------------------------------------- */

static int width_of(const struct forwarding_row *row, bool is_answered, size_t offset)
{
	size_t width = 0;

	for (; (row = first_row(row, is_answered)) != NULL; row = row->next) {
		const struct str *text = (const void *)((const char *)row + offset);

		if (text->len > width && text->len <= COLUMN_MAX)
			width = text->len;
	}
	return (int)width;
}

static void print_rows(FILE *to, const struct forwarding_row *row, bool is_answered)
{
	int block = width_of(row, is_answered, offsetof(struct forwarding_row, block));
	int place = width_of(row, is_answered, offsetof(struct forwarding_row, place));
	int pass = width_of(row, is_answered, offsetof(struct forwarding_row, pass));
	struct str family = STR("");

	for (; (row = first_row(row, is_answered)) != NULL; row = row->next) {
		if (row->tuning == 0) {
			fprintf(to, "  %-*.*s  %-*.*s  %.*s\n", block, STR_ARG(row->block), place,
				STR_ARG(row->place), STR_ARG(row->pass));
			continue;
		}
		fprintf(to, "  %-*.*s  %-*.*s  %-*.*s  (+%zu", block, STR_ARG(row->block), place,
			STR_ARG(row->place), pass, STR_ARG(row->pass), row->tuning);
		if (!str_eq(family, family_of(row->node)))
			fprintf(to, " line%s of %.*s*", row->tuning == 1 ? "" : "s",
				STR_ARG(family_of(row->node)));
		fputs(")\n", to);
		family = family_of(row->node);
	}
}

/* What is to be said below the rows: how much else is wrong, and what can be done. */
static void print_remedy(FILE *to, const struct conf *conf)
{
	size_t locations = 0, forwarding = 0;
	unsigned others = conf->source.errors - 1;

	for (const struct conf_scope *scope = conf->main; scope; scope = scope->next) {
		locations += scope->context == IN_LOCATION;
		forwarding += scope->forwards;
	}
	if (others)
		fprintf(to, "There %s %u other error%s, see above. ", others == 1 ? "is" : "are",
			others, others == 1 ? "" : "s");
	else
		fprintf(to, "Everything else is fine: %zu of %zu location%s. ",
			locations - forwarding, locations, locations == 1 ? "" : "s");
	fprintf(to, "Route %s in front of Skua,\nor write `forwarding 502;` to start without %s.\n",
		forwarding == 1 ? "this one" : "these", forwarding == 1 ? "it" : "them");
}

static void print_text(struct conf *conf, bool is_answered)
{
	FILE *to = conf->source.messages_to;

	fprintf(to, "skua: %s: %.*s forwards requests, %s:\n", is_answered ? "warning" : "error",
		STR_ARG(conf->source.name),
		is_answered ? "which are answered by 502 here" : "which Skua does not do");
	print_rows(to, conf->forwarding, is_answered);
	if (!is_answered)
		print_remedy(to, conf);
}

/* --- for programs ----------------------------------------------------------- */

static void print_json(struct conf *conf, bool is_answered)
{
	FILE *to = conf->source.messages_to;
	const char *joint = "";

	fprintf(to, "%s\n{\"kind\":\"%s\",\"text\":\"requests are forwarded\",\"blocks\":[",
		conf->source.printed++ ? "," : "", is_answered ? "warning" : "not supported");
	for (const struct forwarding_row *row = conf->forwarding;
	     (row = first_row(row, is_answered)) != NULL; row = row->next, joint = ",") {
		const struct conf_place *place = &row->scope->node->name.place;

		fprintf(to, "%s{\"block\":\"%.*s\",\"file\":\"%.*s\",\"line\":%u,", joint,
			STR_ARG(json_escape(conf->pool, row->block)),
			STR_ARG(json_escape(conf->pool, place->file->name)), place->line);
		fprintf(to, "\"pass\":\"%.*s\",\"more\":%zu}",
			STR_ARG(json_escape(conf->pool, row->pass)), row->tuning);
	}
	fputs("]}", to);
}

void forwarding_print(struct conf *conf)
{
	for (int is_answered = 1; is_answered >= 0; is_answered--) {
		if (!first_row(conf->forwarding, is_answered) || !conf->source.messages_to)
			continue;
		if (conf->source.is_json)
			print_json(conf, is_answered);
		else
			print_text(conf, is_answered);
	}
}
