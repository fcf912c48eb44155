/* SPDX-License-Identifier: BSD-2-Clause */
/* The codings of this server, their settings, and the client's Accept-Encoding. */
#include "http/coding/coding.h"

#include <stdio.h>

#include "config/modules.h"
#include "http/coding/accept.h"

const struct keyword ready_made_keywords[] = {
	{ "off", READY_MADE_OFF },
	{ "on", READY_MADE_ON },
	{ "always", READY_MADE_ALWAYS },
	{ NULL, 0 },
};

/* --- codings ------------------------------------------------------------------ */

size_t codings_list(const struct coding_entry **list)
{
	static struct coding_entry entries[CODINGS_MAX];
	static size_t count;
	static bool is_known;

	for (size_t i = 0; !is_known && i < module_count() && count < CODINGS_MAX; i++) {
		const struct module *module = module_at(i);
		struct coding_entry *entry = &entries[count];

		if (!module->coding)
			continue;
		*entry = (struct coding_entry){ module->coding, module, i, "" };
		if (module->library)
			snprintf(entry->version, sizeof(entry->version), "%04x",
				 (unsigned)hash_public(str_from(module->library())) & 0xffff);
		count++;
	}
	is_known = true;
	*list = entries;
	return count;
}

const struct coding *coding_find(struct str name)
{
	const struct coding_entry *list;
	size_t count = codings_list(&list);

	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i].coding->name, name))
			return list[i].coding;
	return NULL;
}

const struct coding_conf *coding_settings(const struct request *req,
					  const struct coding_entry *entry)
{
	return req->confs[entry->index];
}

struct coding_context *coding_context(struct request *req)
{
	return request_context(req, &compress_module);
}

bool coding_allows(struct request *req, const struct coding_entry *entry)
{
	return !entry->coding->allows || entry->coding->allows(req, coding_settings(req, entry));
}

struct str coding_accepts(struct request *req)
{
	struct coding_context *context = coding_context(req);

	if (!context->accepts.data && req->known.accept_encoding.data && !req->parent)
		context->accepts = request_list(req, STR("accept-encoding"));
	return context->accepts;
}

bool coding_is_accepted(struct request *req, const struct coding *coding)
{
	return accept_weight(coding_accepts(req), coding->name) > 0;
}

bool coding_wants_ready_made(const struct request *req)
{
	const struct coding_entry *list;
	size_t count = codings_list(&list);

	for (size_t i = 0; i < count; i++)
		if (coding_settings(req, &list[i])->ready_made != READY_MADE_OFF)
			return true;
	return false;
}

/* --- types --------------------------------------------------------------------- */

static struct str without_parameters(struct str type)
{
	return str_trim(str_split(&type, ';'), " \t");
}

bool coding_types_have(const struct coding_types *types, struct str type)
{
	char lower[128];

	type = without_parameters(type);
	if (types->any || str_eq_nocase(type, STR("text/html")))
		return true;
	if (!types->table || type.len > sizeof(lower))
		return false;
	str_put_lower(lower, type);
	return hash_get(types->table, (struct str){ lower, type.len }) != NULL;
}

int coding_set_types(struct conf_call *call)
{
	struct coding_types *types = &((struct coding_conf *)call->data)->types;

	if (!types->table) {
		types->table = pool_new(call->pool, struct hash_table);
		types->table->pool = call->pool;
	}
	for (size_t i = 0; i < call->node->nargs; i++) {
		const struct conf_word *word = &call->node->args[i];
		struct str lower = pool_lower(call->pool, word->text);

		if (str_eq(lower, STR("*")))
			types->any = true;
		else if (str_eq(lower, STR("text/html")) || hash_put(types->table, lower, types))
			conf_warn(call, word, "the type \"%.*s\" is there already", STR_ARG(lower));
	}
	return 0;
}

bool compress_has_type(struct str type)
{
	static const struct str others[] = {
		STR_INIT("application/javascript"),
		STR_INIT("application/json"),
		STR_INIT("application/vnd.ms-fontobject"),
		STR_INIT("application/wasm"),
		STR_INIT("application/x-javascript"),
		STR_INIT("application/xml"),
		STR_INIT("font/otf"),
		STR_INIT("font/ttf"),
		STR_INIT("image/bmp"),
		STR_INIT("image/vnd.microsoft.icon"),
		STR_INIT("image/x-icon"),
	};

	type = without_parameters(type);
	if (str_eq_nocase(str_head(type, 5), STR("text/")))
		return true;
	for (size_t i = 0; i < 2; i++) {
		struct str suffix = i ? STR("+xml") : STR("+json");

		if (type.len > suffix.len &&
		    str_eq_nocase(str_skip(type, type.len - suffix.len), suffix))
			return true;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (str_eq_nocase(type, others[i]))
			return true;
	return false;
}
