/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directives for the way files are opened, and for the limits of the cache.
 *
 *     file_cache entries=20000 size=256m;
 *     http { symlinks in_root; dotfiles deny; }
 */
#include "http/files/files_conf.h"

#include <errno.h>

#include "config/config.h"
#include "config/modules.h"
#include "config/template.h"
#include "file/cache.h"
#include "http/files/files.h"
#include "stats/stats.h"

static size_t conf_index;

const struct files_conf *files_conf_of(const void *const *confs)
{
	return confs[conf_index];
}

/* The value of `from`; in the opener, which has no request, what it is certain to begin with. */
static struct str links_from(struct request *req, const struct link_policy *links)
{
	if (!links->from)
		return STR("");
	if (req)
		return template_text(req, links->from);
	if (links->from->is_literal)
		return links->from->literal;

	struct str begin = links->from->parts[0].literal;
	return str_head(begin, directory_len(begin));
}

struct file_query files_conf_query(struct request *req, struct str path,
				   const struct file_root *root, const struct files_conf *conf)
{
	const struct link_policy *links = conf->links;
	bool judges = links && links->symlinks != SYMLINKS_FOLLOW;
	struct file_query query = file_query_make(
		path, root, judges ? links->symlinks : (enum symlinks)conf->symlinks);

	if (judges)
		file_query_judge_from(&query, links_from(req, links), links->from_root);
	return query;
}

static int set_cache(struct conf_call *call)
{
	struct files_conf *conf = call->data;
	int64_t entries = 8192;
	struct size size = { 64 << 20 };

	for (size_t i = 0; i < call->node->nargs; i++) {
		const struct conf_word *word = &call->node->args[i];
		struct conf_word value;
		int error;

		if (conf_option(word, STR("entries="), &value))
			error = conf_parse_int(call, &value, 16, 10000000, &entries);
		else if (conf_option(word, STR("size="), &value))
			error = conf_parse_size(call, &value, &size);
		else
			error = conf_error(call, word, "expected entries=NUMBER or size=SIZE");
		if (error)
			return error;
	}
	conf->cache = pool_new(call->pool, struct file_cache_limits);
	conf->cache->entries = (size_t)entries;
	conf->cache->bytes = (size_t)size.bytes;
	return 0;
}

static int start(const void *data)
{
	const struct files_conf *conf = data;

	conf_index = module_index(&files_module);
	if (conf->cache)
		file_cache_limit(*conf->cache);
	return 0;
}

static int set_links_word(struct conf_call *call, const struct conf_word *word,
			  struct link_policy *links, bool *has_mode)
{
	struct conf_word from;

	*has_mode = *has_mode || !str_starts(word->text, STR("from="));
	if (str_eq(word->text, STR("on")))
		links->symlinks = SYMLINKS_NONE;
	else if (str_eq(word->text, STR("if_not_owner")))
		links->symlinks = SYMLINKS_OF_OWNER;
	else if (str_eq(word->text, STR("off")))
		links->symlinks = SYMLINKS_FOLLOW;
	else if (!conf_option(word, STR("from="), &from))
		return conf_error(call, word, "\"%.*s\" is not known here\n"
				  "expected on, off or if_not_owner", STR_ARG(word->text));
	else if (str_eq(from.text, STR("$document_root")))
		links->from_root = true;
	else
		return conf_parse_template(call, &from, &links->from);
	return 0;
}

/* "off | on | if_not_owner [from=part]", in any order */
static int set_disable_symlinks(struct conf_call *call)
{
	struct files_conf *conf = call->data;
	const struct conf_node *node = call->node;
	struct link_policy *links = pool_new(call->pool, struct link_policy);
	bool has_mode = false;

	conf->links = links;
	for (size_t i = 0; i < node->nargs; i++)
		if (set_links_word(call, &node->args[i], links, &has_mode) < 0)
			return -EINVAL;
	if (has_mode && node->nargs == 1)
		return 0;
	if (has_mode && links->symlinks != SYMLINKS_FOLLOW && (links->from || links->from_root))
		return 0;
	return conf_error(call, NULL, "invalid parameters\n"
			  "expected \"off\", \"on from=part\" or \"if_not_owner from=part\"");
}

static void stop(const void *data, enum stop_reason reason)
{
	(void)data;
	(void)reason;
	file_cache_clear();
}

/* Adds differences, because the slot also has what a process before this one has counted. */
void files_publish(void)
{
	static struct file_cache_counts before;
	static _Atomic uint64_t *to;
	const struct file_cache_counts *now = &file_cache_counts;

	if (!to)
		to = counter_place(&files_module, 0);
	if (memcmp(&before, now, sizeof(before)) == 0)
		return;
	stats_add(&to[FILES_HITS], now->hits - before.hits);
	stats_add(&to[FILES_FILLS], now->fills - before.fills);
	stats_add(&to[FILES_ENTRIES], now->entries - before.entries);
	stats_add(&to[FILES_BYTES], now->bytes - before.bytes);
	stats_add(&to[FILES_FDS], now->fds - before.fds);
	before = *now;
}

const struct module files_module = {
	.name = "files",
	.summary = "opens files and keeps them at hand",
	.conf_size = sizeof(struct files_conf),
	.counters = (const struct counter[]) {
		[FILES_HITS] = { "cache_hits", COUNTER, "Files that were found in the cache." },
		[FILES_FILLS] = { "cache_misses", COUNTER,
				  "Files that were looked up anew." },
		[FILES_ENTRIES] = { "cache_entries", GAUGE, "Files and missing names in it." },
		[FILES_BYTES] = { "cache_bytes", GAUGE, "Memory of the cache." },
		[FILES_FDS] = { "cache_descriptors", GAUGE, "Open files in the cache." },
		{ 0 }
	},
	.directives = (const struct directive[]) {
		DIRECTIVE("symlinks", IN_ANY_HTTP, struct files_conf, symlinks,
			  "follow | in_root",
			  "What happens at a symbolic link. With `follow` every link is followed, "
			  "as nginx does by default. With `in_root` a link is followed only while "
			  "it stays below the root (or alias) of the location; an absolute link "
			  "that points into the root counts as such. A link that leads out is "
			  "answered with 403, and the error log says which link it was.\n\n"
			  "The root itself may be reached through links in both cases. Where a "
			  "root or alias has variables in it, that holds for what stands in front "
			  "of the first one: the rest of the root has to stay below that.\n\n"
			  "    symlinks in_root;",
			  .initial = "follow",
			  .keywords = (const struct keyword[]) {
				  { "follow", SYMLINKS_FOLLOW },
				  { "in_root", SYMLINKS_IN_ROOT },
				  { 0 }
			  }),
		DIRECTIVE_SET("disable_symlinks", IN_ANY_HTTP, set_disable_symlinks,
			      "off | on | if_not_owner [from=part]",
			      "Whether symbolic links are refused. With `on` a file is not served "
			      "if any name on its path is a symbolic link, with `if_not_owner` if "
			      "such a link and what it points to belong to different users. Such "
			      "requests are answered with 403, and the error log names the link. "
			      "With from, links in that beginning of the path are followed; it may "
			      "contain variables, and is mostly $document_root. The sandbox lets "
			      "another process open links that lead out of all roots. That process "
			      "knows no variables but $document_root alone, and follows such links "
			      "only in what stands before the first variable. `off` leaves the "
			      "matter to `symlinks`.\n\n"
			      "    disable_symlinks if_not_owner from=$document_root;",
			      FIELD_AT(struct files_conf, links), .min_args = 1, .max_args = 2),
		DIRECTIVE("dotfiles", IN_ANY_HTTP, struct files_conf, dotfiles,
			  "allow | deny",
			  "Whether files are served whose name begins with a dot, and what lies in "
			  "directories with such a name: .git, .env, .htpasswd. With `deny` they "
			  "are answered with 403, whether they are there or not, and the error log "
			  "says why. It holds for whatever leads to the file: the URI, alias, "
			  "index, try_files, an error page, a redirect inside the server. Only the "
			  "name .well-known is allowed always (RFC 8615).\n\n"
			  "What the configuration has written of root or alias may have names with "
			  "a dot in it; what a variable brings into it may not. nginx has no such "
			  "directive, and serves them.\n\n"
			  "    dotfiles deny;",
			  .initial = "allow",
			  .keywords = (const struct keyword[]) {
				  { "allow", DOTFILES_ALLOW },
				  { "deny", DOTFILES_DENY },
				  { 0 }
			  }),
		DIRECTIVE("etag", IN_ANY_HTTP, struct files_conf, etag,
			  "on | off",
			  "Sends an ETag with each file, so that a client can ask whether its "
			  "copy is still current. The ETag is made of the file's modification "
			  "time and length, as in nginx, with two exceptions. A file that was "
			  "modified less than two seconds ago has a longer ETag, because another "
			  "version from the same second may have the same length; a client that "
			  "holds the longer one downloads the file once more when it asks later. "
			  "A file whose modification time is 0 or 1, as in container images, is "
			  "sent without Last-Modified, and its ETag is made of the time at which "
			  "its inode was last changed (ctime), so it differs from disk to disk.\n\n"
			  "    etag off;",
			  .initial = "on"),
		DIRECTIVE_SET("file_cache", IN_MAIN, set_cache,
			      "[entries=number] [size=size]",
			      "How many files a worker keeps at hand, and how much memory it uses "
			      "for them: their sizes, times, ETags and, up to 32 KiB each, their "
			      "bytes. Files of up to 256 KiB, and a sixteenth of the size, that "
			      "are sent over TLS or HTTP/2 are kept as well, once more than their "
			      "size was sent. Names that do not exist take a quarter of the "
			      "entries at most. Without it: entries=8192 size=64m.\n\n"
			      "An entry is compared with the disk before it is used, so a larger "
			      "cache is never an older one.\n\n"
			      "    file_cache entries=20000 size=256m;",
			      .min_args = 1, .max_args = 2),
		{ 0 }
	},
	.start = start,
	.stop = stop,
};
