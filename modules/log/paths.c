/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a worker whose names have variables.
 *
 *     log_path_write()   finds the file by its name, or makes an entry for it, and appends the
 *                        line to what the entry holds
 *     on_answer()        the helper has opened the file, or has refused
 *     flush()            writes what the entry holds, at the end of the turn
 *     settle()           closes the file, unless open_log_file_cache keeps it
 *
 * A client may choose the names, so everything has a bound: how many entries there are, how many
 * bytes they hold together, and how often the error log speaks of a path.
 */
#include "paths.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	BUCKETS = 256,
	ENTRIES_MAX = 4096, /* besides those that open_log_file_cache keeps */
	HELD_MAX = 4 * 1024 * 1024, /* bytes of lines that wait */
	LINE_MAX_SIZE = 1024 * 1024,
	FIRST_LINE_SIZE = 4096,
	REPORT_MS = 10 * 1000,
};

struct entry {
	struct helper_question question; /* first */
	struct log_path *path;
	struct log_cache *cache;
	struct str name; /* lies behind the struct */
	uint64_t hash;
	char *asked; /* the question's text; NULL: none was asked */
	int fd; /* -1: the file is not open */
	bool is_asked;
	bool is_old; /* the files were opened again since it was asked */
	char *lines; /* that wait */
	size_t used, size;
	bool is_begun; /* the beginning of the first line was written */
	int64_t used_ms, opened_ms;
	int64_t uses;
	struct entry *next; /* in the bucket */
	struct entry *newer, *older; /* by their last use */
	struct entry *next_full, **full_link; /* in the list of those to flush; NULL: not in it */
};

struct log_files {
	struct entry *buckets[BUCKETS];
	struct entry *newest, *oldest;
	int64_t count;
	struct timer timer; /* closes what was not used for `inactive` */
	struct log_reopen_hook reopen;
	struct log_cache *cache;
	struct log_files *next;
};

static struct {
	struct log_files *first; /* of all caches */
	struct entry *full;
	struct timer flush; /* expires at the end of the turn */
	size_t held;
	char *line; /* a line is written here first */
	size_t line_size;
} files;

/* --- lines that are lost ----------------------------------------------------------- */

static void report_lost(void *data)
{
	struct log_path *path = data;

	log_warnx("%llu lines for \"%.*s\" were lost", (unsigned long long)path->lost,
		  STR_ARG(path->text));
	path->lost = 0;
}

static uint64_t count_lines(struct str bytes)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < bytes.len; i++)
		lines += bytes.data[i] == '\n';
	return lines;
}

/* Counts lines as lost. True: it is time to say why. */
static bool lose(struct log_path *path, uint64_t lines)
{
	path->lost += lines;
	path->report.expired = report_lost;
	path->report.data = path;
	if (!timer_is_started(&path->report))
		timer_start(&path->report, REPORT_MS);
	return clock_is_due(&path->said_ms, REPORT_MS);
}

/* Drops the lines of an entry. True: it is time to say why. */
static bool drop_lines(struct entry *entry)
{
	uint64_t lines = count_lines((struct str){ entry->lines, entry->used });

	files.held -= entry->size;
	free(entry->lines);
	entry->lines = NULL;
	entry->used = entry->size = 0;
	entry->is_begun = false;
	return lines > 0 && lose(entry->path, lines);
}

/* --- entries ------------------------------------------------------------------------ */

static void unlink_use(struct log_files *own, struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &own->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &own->oldest) = entry->newer;
}

static void link_newest(struct log_files *own, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = own->newest;
	*(own->newest ? &own->newest->newer : &own->oldest) = entry;
	own->newest = entry;
}

static void unlink_full(struct entry *entry)
{
	if (!entry->full_link)
		return;
	*entry->full_link = entry->next_full;
	if (entry->next_full)
		entry->next_full->full_link = entry->full_link;
	entry->full_link = NULL;
}

static void close_file(struct entry *entry)
{
	if (entry->fd >= 0)
		close(entry->fd);
	entry->fd = -1;
	entry->is_begun = false;
}

static void destroy(struct entry *entry)
{
	struct log_files *own = entry->cache->files;
	struct entry **link = &own->buckets[entry->hash % BUCKETS];

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	unlink_use(own, entry);
	unlink_full(entry);
	own->count--;
	helper_withdraw(&entry->question);
	drop_lines(entry);
	close_file(entry);
	free(entry->asked);
	free(entry);
}

static bool is_idle(const struct entry *entry)
{
	return !entry->is_asked && entry->used == 0;
}

/* After its lines were written: whether the file stays open is up to the cache. */
static void settle(struct log_files *own, struct entry *entry)
{
	const struct log_cache *cache = own->cache;

	if (cache->max == 0) {
		destroy(entry);
		return;
	}
	if (entry->uses < cache->min_uses)
		close_file(entry);
	while (own->count > cache->max && own->oldest && is_idle(own->oldest))
		destroy(own->oldest);
}

static void close_inactive(void *data)
{
	struct log_files *own = data;
	int64_t before = clock_ms() - own->cache->inactive.ms;

	for (struct entry *entry = own->oldest, *newer; entry; entry = newer) {
		newer = entry->newer;
		if (entry->used_ms > before)
			break;
		if (is_idle(entry))
			destroy(entry);
	}
	if (own->count)
		timer_start(&own->timer, own->cache->inactive.ms);
}

/* The log files were moved away: what is open is closed when its lines are written. */
static void on_reopen(void *data);

static struct log_files *files_of(struct log_cache *cache)
{
	struct log_files *own = cache->files;

	if (own || !(own = calloc(1, sizeof(*own))))
		return own;
	own->cache = cache;
	own->timer = (struct timer){ .expired = close_inactive, .data = own };
	own->reopen = (struct log_reopen_hook){ .reopened = on_reopen, .data = own };
	log_reopen_hook_add(&own->reopen);
	own->next = files.first;
	files.first = own;
	cache->files = own;
	return own;
}

static void on_answer(struct helper_question *question, const struct helper_answer *answer);

/* NULL: there is no memory, or there are too many. */
static struct entry *add(struct log_files *own, struct log_path *path, struct str name,
			 uint64_t hash)
{
	struct entry **bucket = &own->buckets[hash % BUCKETS];
	struct entry *entry = NULL;

	if (own->count < own->cache->max + ENTRIES_MAX)
		entry = malloc(sizeof(*entry) + name.len + 1);
	if (!entry)
		return NULL;
	*entry = (struct entry){
		.question = { .answered = on_answer, .is_awaited = true },
		.path = path,
		.cache = own->cache,
		.name = { (char *)(entry + 1), name.len },
		.hash = hash,
		.fd = -1,
		.next = *bucket,
	};
	*str_put((char *)(entry + 1), name) = '\0';
	*bucket = entry;
	link_newest(own, entry);
	own->count++;
	return entry;
}

static struct entry *find_or_add(struct log_files *own, struct log_path *path, struct str name)
{
	uint64_t hash = hash_str(name) + path->number;
	struct entry *entry = own->buckets[hash % BUCKETS];

	while (entry && (entry->path != path || !str_eq(entry->name, name)))
		entry = entry->next;
	if (!entry)
		return add(own, path, name, hash);
	unlink_use(own, entry);
	link_newest(own, entry);
	return entry;
}

/* --- writing ------------------------------------------------------------------------- */

/* Keeps the rest of a line that a full disk has cut, so that the next line begins a line. */
static void drop_after_error(struct entry *entry, int error)
{
	const char *end = entry->is_begun ? memchr(entry->lines, '\n', entry->used) : NULL;
	size_t kept = end ? (size_t)(end + 1 - entry->lines) : 0;
	uint64_t lines = count_lines((struct str){ entry->lines + kept, entry->used - kept });

	entry->used = kept;
	if (lines && lose(entry->path, lines))
		log_alertc(error, "lines are lost: writing to \"%.*s/%.*s\" failed",
			   STR_ARG(entry->path->directory), STR_ARG(entry->name));
}

static void flush(struct entry *entry)
{
	size_t written = 0;
	int error = 0;

	while (written < entry->used && error == 0) {
		ssize_t n = write(entry->fd, entry->lines + written, entry->used - written);

		if (n > 0)
			written += (size_t)n;
		else if (n < 0 && errno != EINTR)
			error = -errno;
	}
	if (written)
		entry->is_begun = entry->lines[written - 1] != '\n';
	entry->used -= written;
	if (entry->used)
		memmove(entry->lines, entry->lines + written, entry->used);
	if (error)
		drop_after_error(entry, error);
	if (!entry->used)
		drop_lines(entry); /* frees the memory */
	if (!entry->used || entry->cache->max == 0)
		settle(entry->cache->files, entry);
}

/* A timer, since a module has no jobs: expires at the end of this turn. */
static void flush_all(void *unused)
{
	(void)unused;
	while (files.full) {
		struct entry *entry = files.full;

		unlink_full(entry);
		flush(entry);
	}
}

static void flush_soon(struct entry *entry)
{
	if (entry->full_link)
		return;
	entry->next_full = files.full;
	entry->full_link = &files.full;
	if (files.full)
		files.full->full_link = &entry->next_full;
	files.full = entry;
	if (!timer_is_started(&files.flush)) {
		files.flush.expired = flush_all;
		timer_start_at(&files.flush, clock_ms());
	}
}

/* --- opening --------------------------------------------------------------------------- */

static void ask(struct entry *entry, struct str root)
{
	const struct log_question question = { entry->path->number, root, entry->name };
	char text[LOG_QUESTION_MAX];
	size_t len = log_question_write(text, &question);

	free(entry->asked);
	entry->asked = malloc(len);
	if (!entry->asked) {
		destroy(entry);
		return;
	}
	memcpy(entry->asked, text, len);
	entry->is_asked = true;
	entry->is_old = false;
	helper_ask(&log_opener, &entry->question, (struct str){ entry->asked, len }, -1);
}

static void on_refusal(struct entry *entry, const struct helper_answer *answer)
{
	struct log_question question;

	if (!drop_lines(entry))
		return;
	if (!str_eq(answer->payload, STR("root"))) {
		log_errorc(answer->error, "lines are lost: opening the log \"%.*s/%.*s\" failed",
			   STR_ARG(entry->path->directory), STR_ARG(entry->name));
		return;
	}
	log_question_read(entry->question.payload, &question);
	log_errorx("lines are lost: there is no log \"%.*s/%.*s\" without the root \"%.*s\"",
		   STR_ARG(entry->path->directory), STR_ARG(entry->name), STR_ARG(question.root));
}

static void on_answer(struct helper_question *asked, const struct helper_answer *answer)
{
	struct entry *entry = (struct entry *)asked;
	struct log_question question;

	entry->is_asked = false;
	if (entry->is_old) {
		if (answer->fd >= 0)
			close(answer->fd);
		log_question_read(entry->question.payload, &question);
		ask(entry, question.root);
		return;
	}
	entry->fd = answer->fd;
	entry->opened_ms = clock_ms();
	if (answer->error < 0 || answer->fd < 0) {
		on_refusal(entry, answer);
		destroy(entry);
		return;
	}
	free(entry->asked);
	entry->asked = NULL;
	flush(entry);
}

static void on_reopen(void *data)
{
	struct log_files *own = data;

	for (struct entry *entry = own->oldest; entry; entry = entry->newer) {
		entry->is_old = true;
		if (entry->used == 0)
			close_file(entry);
	}
}

/* --- lines ------------------------------------------------------------------------------ */

/* Writes the line into a buffer that all share. Its length; 0: it is too long. */
static size_t make_line(log_line_put *put, void *data)
{
	for (;;) {
		char *end = files.line ? put(files.line, files.line + files.line_size - 1, data) :
					 NULL;
		size_t size = files.line_size ? 2 * files.line_size : FIRST_LINE_SIZE;

		if (end) {
			*end++ = '\n';
			return (size_t)(end - files.line);
		}

		char *larger = size > LINE_MAX_SIZE ? NULL : malloc(size);

		if (!larger)
			return 0;
		free(files.line);
		files.line = larger;
		files.line_size = size;
	}
}

static bool append(struct entry *entry, struct str line)
{
	size_t size = entry->size ? entry->size : 512;

	while (size < entry->used + line.len)
		size *= 2;
	if (size > entry->size) {
		char *larger = files.held - entry->size + size > HELD_MAX ?
				       NULL :
				       realloc(entry->lines, size);

		if (!larger)
			return false;
		files.held += size - entry->size;
		entry->lines = larger;
		entry->size = size;
	}
	entry->used +=
		(size_t)(str_put(entry->lines + entry->used, line) - (entry->lines + entry->used));
	return true;
}

/* The file has to be opened, because it is not, or because it may be another one by now. */
static bool must_open(const struct entry *entry, const struct log_cache *cache)
{
	return entry->fd < 0 || entry->is_old || clock_ms() - entry->opened_ms >= cache->valid.ms;
}

static void refuse_name(struct request *req, struct log_path *path, int error)
{
	if (lose(path, 1))
		request_log(
			req, LEVEL_ERROR, 0,
			"lines are lost: the variables in \"%.*s\" make no name of a file: %s",
			STR_ARG(path->text),
			error == -ENAMETOOLONG ?
				"it would be too long" :
				"one is empty, or has a slash, a control character or \"..\", or "
				"the root has a NUL");
}

void log_path_write(struct request *req, struct log_path *path, struct log_cache *cache,
		    log_line_put *put, void *data)
{
	struct str name, root = request_root(req);
	int error = template_file_name(req, path->name, LOG_NAME_MAX, &name);
	struct log_files *own = files_of(cache);
	size_t len = make_line(put, data);

	if (error == 0 && root.len > PATH_MAX)
		error = -ENAMETOOLONG;
	if (error == 0 && str_chr(root, '\0') >= 0)
		error = -EINVAL;
	if (error < 0) {
		refuse_name(req, path, error);
		return;
	}

	struct entry *entry = own && len ? find_or_add(own, path, name) : NULL;

	/* The rest of a line that a full disk has cut is of no use in another file. */
	if (entry && entry->is_begun && must_open(entry, cache))
		drop_lines(entry);
	if (!entry || !append(entry, (struct str){ files.line, len })) {
		if (lose(path, 1))
			log_errorx("lines are lost: %s for \"%.*s\"",
				   len ? "too many files or lines wait" : "a line is too long",
				   STR_ARG(path->text));
		return;
	}
	entry->uses++;
	entry->used_ms = clock_ms();
	if (cache->max && !timer_is_started(&own->timer))
		timer_start(&own->timer, cache->inactive.ms);
	if (entry->is_asked)
		return;
	if (!entry->full_link && must_open(entry, cache)) {
		close_file(entry);
		ask(entry, root);
	} else {
		flush_soon(entry);
	}
}

void log_files_finish(struct log_paths *paths)
{
	flush_all(NULL);
	while (files.first) {
		struct log_files *own = files.first;

		files.first = own->next;
		while (own->newest)
			destroy(own->newest);
		timer_stop(&own->timer);
		log_reopen_hook_remove(&own->reopen);
		own->cache->files = NULL;
		free(own);
	}
	for (struct log_path *path = paths ? paths->first : NULL; path; path = path->next) {
		timer_stop(&path->report);
		if (path->lost)
			report_lost(path);
	}
	timer_stop(&files.flush);
	free(files.line);
	files.line = NULL;
	files.line_size = 0;
}

/* --- the configuration --------------------------------------------------------------------- */

struct log_paths *log_paths_of(struct conf *conf)
{
	static const char key;

	return conf_shared(conf, &key, sizeof(struct log_paths));
}

/* The bytes before the first variable, up to the last slash among them. */
static size_t directory_len(struct str path)
{
	ssize_t variable = str_chr(path, '$');

	return (size_t)(str_rchr(str_head(path, (size_t)variable), '/') + 1);
}

struct log_path *log_path_add(struct conf_call *call, const struct conf_word *word)
{
	struct log_paths *paths = log_paths_of(call->conf);
	struct log_path *path = pool_new(call->pool, struct log_path);
	size_t len = directory_len(word->text);
	struct conf_word name = conf_word_after(word, len);

	if (len == 0 || (len == 1 && str_starts(word->text, STR("/")))) {
		conf_error(call, word,
			   "the directory of the log is missing\n"
			   "write a directory before the variable: /var/log/sites/$host.log");
		return NULL;
	}
	if (conf_parse_template(call, &name, &path->name) < 0)
		return NULL;

	struct str directory = str_head(word->text, len - 1);

	path->text = word->text;
	path->directory = conf_full_path(call->conf, pool_strdup(call->pool, directory));
	path->number = paths->count++;
	path->next = paths->first;
	paths->first = path;
	conf_writes(call, path->directory);
	return path;
}
