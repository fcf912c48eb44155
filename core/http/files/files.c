/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files for requests: the policy of a location, references to files that end with the request,
 * and the messages in the error log about files that are not served.
 *
 *     file_cache entries=20000 size=256m;
 *     http { symlinks in_root; dotfiles deny; }
 */
#include "http/files/files.h"

#include <errno.h>
#include <limits.h>
#include <timer.h>

#include "base/stats.h"
#include "config/config.h"
#include "config/modules.h"
#include "config/template.h"
#include "file/cache.h"
#include "file/permission.h"
#include "file/waiter.h"
#include "http/body/body_private.h"
#include "http/files/piecewise.h"
#include "http/request/request_private.h"

/* disable_symlinks */
struct link_policy {
	enum symlinks symlinks;
	const struct template *from; /* in this beginning of a path they are followed; or NULL */
	bool from_root; /* in the root and what is above it */
};

struct files_conf {
	int symlinks;
	const struct link_policy *links; /* of disable_symlinks; NULL: off */
	int dotfiles;
	bool etag;
	struct file_cache_limits *cache; /* NULL: the defaults of the cache */
};

enum dotfiles { DOTFILES_ALLOW, DOTFILES_DENY };

static size_t conf_index;

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

/* req NULL: in the opener. */
static struct file_query make_query(struct request *req, struct str path,
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

static void release(void *file)
{
	file_release(file);
}

/* --- what the opener opens --------------------------------------------------------- */

/*
 * The part of a root that stands literally in the configuration: the whole path, or the directory
 * before the first variable. If a root begins with a variable, a path of sandbox_allow is used.
 */
struct known_root {
	struct str path;
	bool is_whole; /* this is the whole root, without variables */
	bool is_alias; /* the file's path may continue its last name: "/data/img" and "1.png" */
	bool is_file; /* of conf_lines(): nothing lies below it */
};

static struct known_root known_root(const struct http_location *location)
{
	const struct http_conf *conf = location->core;
	const struct template *template = conf->alias ? conf->alias : conf->root;

	if (template->is_literal)
		return (struct known_root){ template->literal, true, conf->alias != NULL };

	struct str begin = template->parts[0].literal;
	return (struct known_root){ .path = str_head(begin, directory_len(begin)) };
}

static bool is_known(const struct known_root *known)
{
	return known->is_whole || known->path.len > 1;
}

/* Whether the rest of a path is empty, or continues with a name below the known part. */
static bool goes_on(const struct known_root *known, struct str rest)
{
	return str_empty(rest) || str_starts(rest, STR("/")) || str_ends(known->path, STR("/")) ||
	       known->is_alias;
}

static bool name_below(const struct known_root *known, const struct file_query *query,
		       struct file_below *below)
{
	below->path = str_skip(query->path, known->path.len);
	below->root_len = 0;
	if (!known->is_whole && query->root_len > known->path.len)
		below->root_len = query->root_len - known->path.len;
	return str_starts(query->path, known->path) && goes_on(known, below->path);
}

bool file_query_name(struct conf *conf, const struct http_location *location,
		     const struct file_query *query, struct file_below *below)
{
	struct known_root known = known_root(location);
	bool knows = is_known(&known);

	below->base = 0;
	if (knows && name_below(&known, query, below))
		return true;
	for (const struct conf_path *path = conf_paths(conf); path; path = path->next) {
		below->base++;
		if (knows && !path->is_file)
			continue;
		known.path = path->path;
		if (name_below(&known, query, below) &&
		    (!path->is_file || str_empty(below->path)))
			return true;
	}
	return false;
}

/* False: no part of the root is known, or sandbox_allow has no path with this number. */
static bool find_base(struct conf *conf, const struct http_location *location, uint32_t base,
		      struct known_root *known)
{
	const struct conf_path *path = conf_paths(conf);

	*known = known_root(location);
	if (base == 0)
		return is_known(known);
	while (path && --base)
		path = path->next;
	if (!path || (is_known(known) && !path->is_file))
		return false;
	*known = (struct known_root){ .path = path->path, .is_file = path->is_file };
	return true;
}

static bool has_dots(struct str path)
{
	while (path.len) {
		struct str name = str_split(&path, '/');
		if (str_eq(name, STR("..")) || str_eq(name, STR(".")))
			return true;
	}
	return false;
}

/* Whether this name stands literally in the configuration, after a variable of the root. */
static bool is_written(const struct http_conf *conf, struct str name)
{
	const struct template *template = conf->alias ? conf->alias : conf->root;

	for (size_t i = 0; i < template->count; i++) {
		struct str literal = template->parts[i].literal;
		while (literal.len)
			if (str_eq(str_split(&literal, '/'), name))
				return true;
	}
	return false;
}

/* In the first `root_len` bytes, which belong to the root, names that is_written() are allowed. */
static bool has_dotfile(struct str path, size_t root_len, const struct http_conf *conf)
{
	const char *rest = path.data + root_len;

	while (path.len) {
		struct str name = str_split(&path, '/');
		if (is_dotfile(name) && (name.data >= rest || !is_written(conf, name)))
			return true;
	}
	return false;
}

int file_query_resolve(struct conf *conf, const struct http_location *location,
		       const struct file_below *below, char *path, struct file_query *query)
{
	const struct files_conf *files = location->confs[conf_index];
	struct known_root known;
	struct str rest = below->path;

	if (!find_base(conf, location, below->base, &known) || !goes_on(&known, rest) ||
	    below->root_len > rest.len || (known.is_whole && below->root_len) ||
	    (known.is_file && !str_empty(rest)) || memchr(rest.data, '\0', rest.len) ||
	    has_dots(rest))
		return -EACCES;
	if (known.path.len + rest.len >= PATH_MAX)
		return -ENAMETOOLONG;
	*str_put(str_put(path, known.path), rest) = '\0';

	const struct file_root root = { .path = known.path, .fixed_len = known.path.len };
	*query = make_query(NULL, (struct str){ path, known.path.len + rest.len }, &root, files);
	if (known.is_file)
		query->symlinks = SYMLINKS_FOLLOW;
	else if (files->dotfiles == DOTFILES_DENY && below->root_len == 0)
		file_query_deny_dotfiles(query, &root);
	else if (files->dotfiles == DOTFILES_DENY)
		query->is_hidden = has_dotfile(rest, below->root_len, location->core);
	if (below->root_len)
		query->root_len = known.path.len + below->root_len;
	if (files->links && files->links->from_root && files->links->symlinks != SYMLINKS_FOLLOW)
		file_query_judge_from(query, STR(""), true);
	return file_query_refusal(query) ? -EACCES : 0;
}

/* --- looking files up --------------------------------------------------------------- */

/*
 * Returns NULL as file_lookup() does. If there are no free descriptors, it closes the connection
 * that has been idle longest.
 */
static struct file *look_up(const struct file_query *query, struct file_need *need)
{
	struct file *file = file_lookup(query, need);

	if (!file || (file->error != EMFILE && file->error != ENFILE) || !conn_close_oldest_idle())
		return file;
	file_release(file);
	return file_lookup(query, need);
}

/*
 * A file that the opener was asked for on behalf of a request. The answer is newer than the
 * request, so the request uses it as long as it lives.
 */
struct request_file {
	struct file_waiter waiter; /* first */
	struct file_query query;
	bool is_status; /* only stat(2) was asked for */
	struct file *file; /* NULL: not yet */
	struct wakeup *wakeup; /* of the handler that waits */
	struct request_file *next;
};

enum { OPENER_MS = 10000 }; /* how long a request waits for the opener */

static void on_found(struct file_waiter *waiter, struct file *file)
{
	struct request_file *asked = (struct request_file *)waiter;

	asked->file = file;
	wakeup_fire(asked->wakeup);
	asked->wakeup = NULL;
}

/* Called when the request has ended, or has waited for OPENER_MS. */
static void on_cancel(void *data)
{
	struct request_file *asked = data;
	struct wakeup *wakeup = asked->wakeup;

	file_waiter_cancel(&asked->waiter);
	asked->wakeup = NULL;
	wakeup_fire(wakeup);
}

static void release_asked(void *data)
{
	struct request_file *asked = data;

	if (asked->file)
		file_release(asked->file);
}

static struct request_file *find_asked(struct request *req, const struct file_query *query,
				       bool is_status)
{
	struct request_file *asked = request_core(req)->files;

	while (asked && !(str_eq(asked->query.path, query->path) &&
			  asked->query.location == query->location &&
			  asked->is_status == is_status))
		asked = asked->next;
	return asked;
}

static verdict ask(struct request *req, const struct file_query *query,
		   const struct file_need *need, struct request_file *asked)
{
	if (!asked) {
		asked = pool_new(req->pool, struct request_file);
		asked->query = *query;
		asked->is_status = need->kind == FILE_STATUS;
		asked->next = request_core(req)->files;
		request_core(req)->files = asked;
		pool_cleanup(req->pool, release_asked, asked);
	}
	asked->waiter = (struct file_waiter){ .found = on_found };
	asked->wakeup = request_wait_for(req, OPENER_MS, on_cancel, asked);
	file_ask(query, need, &asked->waiter);
	return WAIT;
}

struct file_query request_file_query(struct request *req, struct str path)
{
	const struct files_conf *conf = req->confs[conf_index];
	struct file_root root = request_file_root(req);
	struct file_query query = make_query(req, path, &root, conf);

	if (conf->dotfiles == DOTFILES_DENY)
		file_query_deny_dotfiles(&query, &root);
	query.location = req->location->number;
	return query;
}

static struct file *give_up(const struct file_query *query)
{
	return file_unavailable(query, ETIMEDOUT, "the disk or the opener does not answer");
}

static verdict open_query(struct request *req, const struct file_query *query, struct file **out)
{
	struct request_file *asked = find_asked(req, query, false);
	struct file_need need = { 0 };

	if (asked && asked->file) {
		*out = asked->file;
		return PASS;
	}
	struct file *file = asked && request_timed_out(req) ? give_up(query) :
							     look_up(query, &need);
	if (!file)
		return ask(req, query, &need, asked);
	pool_cleanup(req->pool, release, file);
	*out = file;
	return PASS;
}

verdict file_open(struct request *req, struct str path, struct file **out)
{
	struct file_query query = request_file_query(req, path);

	return open_query(req, &query, out);
}

verdict file_open_named(struct request *req, struct str path, struct file **out)
{
	const struct file_root root = { .path = STR("") };
	struct file_query query = file_query_make(path, &root, SYMLINKS_FOLLOW);

	query.location = req->location->number;
	return open_query(req, &query, out);
}

/* --- looking without opening -------------------------------------------------------- */

/*
 * Dotfiles are hidden if the client names them, for example by $request_filename. Names in the
 * configuration may be dotfiles.
 */
static bool is_hidden(struct request *req, const struct file_query *query,
		      const struct file_root *root)
{
	const struct files_conf *conf = req->confs[conf_index];
	struct file_query hidden = *query;

	if (conf->dotfiles != DOTFILES_DENY || !str_eq(query->path, request_path(req, req->uri)))
		return false;
	file_query_deny_dotfiles(&hidden, root);
	return hidden.is_hidden;
}

/* The file system answers late, so the opener asks it. */
static verdict test_slowly(struct request *req, const struct file_query *query,
			   const struct file_need *need, struct file_status *status)
{
	struct request_file *asked = find_asked(req, query, true);

	if (asked && !asked->file && request_timed_out(req))
		asked->file = give_up(query);
	if (!asked || !asked->file)
		return ask(req, query, need, asked);
	*status = file_entry_status(asked->file);
	return PASS;
}

static verdict test(struct request *req, struct str path, char *why, size_t why_size,
		    struct file_status *status)
{
	const struct files_conf *conf = req->confs[conf_index];
	struct file_root root = request_file_root(req);
	struct file_need need = { 0 };

	/* Names "." and ".." from variables in the root matter only for paths below the root. */
	root.has_dots = root.has_dots && str_starts(path, root.path);

	struct file_query query = make_query(req, path, &root, conf);

	query.location = req->location->number;
	*status = (struct file_status){ .error = 0 };
	if (str_empty(path) || is_hidden(req, &query, &root))
		status->error = ENOENT;
	else if (memchr(path.data, '\0', path.len))
		status->error = ENAMETOOLONG;
	else if (query.has_dots)
		status->error = EACCES;
	else if (!(request_core(req)->events & EVENT_ENTERED) &&
		 file_status_may_wait(&query, &need))
		return test_slowly(req, &query, &need, status);
	else
		*status = file_lookup_status(&query, why, why_size);
	return PASS;
}

verdict file_test(struct request *req, struct str path, struct file_status *status)
{
	char why[1024] = "";

	if (test(req, path, why, sizeof(why), status) == WAIT)
		return WAIT;
	int error = status->error;

	if (error && error != ENOENT && error != ENOTDIR && error != ENAMETOOLONG)
		request_log(req, LEVEL_CRIT, error, "stat() \"%.*s\" failed%s%s", STR_ARG(path),
			    why[0] ? ": " : "", why);
	return PASS;
}

/* --- serving files ------------------------------------------------------------------ */

struct body *file_body(struct request *req, struct file *file)
{
	if (file->content.data)
		return body_from_memory(req, file->content);
	if (file->fd < 0) {
		struct file_query query = request_file_query(req, file->path);

		return body_piecewise(req, &query, file);
	}
	return body_of_entry(req, file);
}

verdict respond_file(struct request *req, struct file *file)
{
	const struct files_conf *conf = req->confs[conf_index];
	struct response *response = &req->response;
	time_t now = clock_wall_ms() / 1000;

	response->status = 200;
	response->file = file;
	response->body = file_body(req, file);
	if (conf->etag)
		response->etag = file->etag;
	response->last_modified = file->mtime < now ? file->mtime : now;
	response->last_modified_text = file->mtime < now ? file->last_modified : STR("");
	response->allow_ranges = true;
	return DONE;
}

static bool is_news(int error)
{
	static int64_t said_ms;
	static int said;

	if (error != said)
		said_ms = 0;
	said = error;
	return clock_is_due(&said_ms, SHORTAGE_LOG_MS);
}

/* Logs the same line as nginx, and after it which user lacks which permission. */
static void log_failed_open(struct request *req, enum log_level level, const struct file *file)
{
	char why[1024];

	if (str_empty(file->path)) {
		request_log(req, level, 0, "the URI \"%.*s\" names no file: %s", STR_ARG(req->uri),
			    str_starts(req->uri, STR("/")) ?
				    "it was rewritten, and alias does not stand for its beginning" :
				    "it does not begin with a slash");
		return;
	}
	why[0] = '\0';
	if (file->error == EACCES)
		permission_explain(file->path.data, why, sizeof(why));
	request_log(req, level, 0, "open() \"%.*s\" failed (%d: %s)%s%s", STR_ARG(file->path),
		    file->error, strerror(file->error), why[0] ? ": " : "", why);
}

static verdict refuse_missing(struct request *req, const struct file *file)
{
	int status = status_from_errno(file->error);

	/* 503 is for temporary failures of all requests: a shortage, or a disk that hangs. */
	if (status == 503 && !is_news(file->error))
		return status;
	if (!str_empty(file->refusal))
		request_log(req, LEVEL_ERROR, 0, "\"%.*s\" %s: %.*s", STR_ARG(file->path),
			    status == 403 ? "is forbidden" : "cannot be opened now",
			    STR_ARG(file->refusal));
	else if (status != 404 || req->location->core->log_not_found)
		log_failed_open(req, status < 500 ? LEVEL_ERROR : LEVEL_CRIT, file);
	return status;
}

verdict file_refuse(struct request *req, const struct file *file)
{
	switch (file->kind) {
	case FILE_MISSING:
		return refuse_missing(req, file);
	case FILE_OTHER:
		request_log(req, LEVEL_CRIT, 0, "\"%.*s\" is not a regular file",
			    STR_ARG(file->path));
		return 404;
	case FILE_DIRECTORY:
		request_log(req, LEVEL_ERROR, 0, "\"%.*s\" is a directory", STR_ARG(file->path));
		return 403;
	case FILE_REGULAR:
		break;
	}
	return 500;
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
