/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The certificates of a worker whose paths have variables.
 *
 *	named_set_create()	finds the entry of each pair, or makes one and asks the helper
 *	answered()		the helper has read the files, or has failed
 *	parsed()		a thread has made the certificate of them, or has failed
 *	settle()		frees an entry that no handshake uses and the cache does not keep
 *
 * Handshakes that want the same files at the same time share one question. A client may choose the
 * names, so everything has a bound: how many handshakes wait, how many entries the cache keeps,
 * and how often the log speaks of files that cannot be read.
 */
#include "named.h"

#include <errno.h>
#include <hash.h>
#include <stdlib.h>
#include <string.h>
#include <timer.h>
#include <unistd.h>

enum {
	BUCKETS = 1024,
	WAITING_MAX = 1024, /* handshakes that wait for files */
	REPORT_MS = 1000, /* between two errors in the log */
	FAILURE_MS = 1000, /* a pair that cannot be used is not tried again within this time */
	FAILURES_MAX = 256, /* pairs for which this is remembered */
};

struct named_entry {
	struct helper_question question; /* first */
	const struct named_pair *pair;
	struct named_cache *cache;
	struct str texts[2]; /* names, or texts of "data:": of the certificate, of the key */
	struct str asked; /* the question's text */
	uint64_t hash;
	/* The helper reads its files, a thread parses them, or not all sets know the outcome. */
	bool is_asked;
	bool is_listed; /* in the bucket: others may find it */
	bool is_kept; /* listed, and in the order: others may push it out */
	bool is_read; /* `certificate` can be used */
	bool has_failed; /* listed until `forgotten` */
	struct timer forgotten;
	int64_t used_ms, read_ms;
	struct ssl_certificate certificate;
	struct named_use *uses;
	struct named_entry *next; /* in the bucket */
	struct named_entry *newer, *older; /* by their last use, if it is kept */
	char bytes[]; /* of `texts` and `asked` */
};

struct named_entries {
	struct named_entry *buckets[BUCKETS];
	struct named_entry *newest, *oldest; /* of those that are kept */
	int64_t count; /* of them */
	int failures; /* that are listed */
	struct timer timer; /* frees what was not used for `inactive` */
	struct named_cache *cache;
	struct named_entries *next;
};

/* A set uses an entry. */
struct named_use {
	struct named_set *set;
	struct named_entry *entry; /* NULL: not linked */
	struct named_use *next, **link;
};

struct named_set {
	void (*ready)(void *data);
	void *data;
	size_t count, missing; /* entries; those that are asked for */
	struct named_use uses[];
};

static struct named_entries *all_entries;
static unsigned waiting; /* sets with missing entries */

/* --- messages --- */

/* One line for each failure, but not more than one each second: clients may cause them. */
static enum log_level level_of_failure(void)
{
	static int64_t said_ms;

	return clock_is_due(&said_ms, REPORT_MS) ? LEVEL_ERROR : LEVEL_INFO;
}

static const char *reason_of(int error)
{
	switch (error) {
	case -EINVAL:
		return "it is not a regular file";
	case -EFBIG:
		return "it is too large";
	case -ENOTCONN:
		return "no process reads it: there is none with \"master_process off\"; otherwise "
		       "see what the error log says of \"certificates\"";
	case -ECONNRESET:
		return "the process that reads it has ended; the next handshake starts another";
	case -EBUSY:
		return "too many others wait until they are parsed";
	default:
		return strerror(-error);
	}
}

/* `name` is what the variables have made of the path. */
static void report(const struct named_path *path, struct str name, const char *why)
{
	if (path->is_data)
		log_write(log_process, level_of_failure(), 0, 0,
			  "a TLS handshake fails: \"data:\" of the configuration: %s", why);
	else
		log_write(log_process, level_of_failure(), 0, 0,
			  "a TLS handshake fails: \"%.*s/%.*s\": %s",
			  STR_ARG(path->directory), STR_ARG(name), why);
}

/* --- entries --- */

static void unkeep(struct named_entry *entry)
{
	struct named_entries *own = entry->cache->entries;

	*(entry->newer ? &entry->newer->older : &own->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &own->oldest) = entry->newer;
	entry->is_kept = false;
	own->count--;
}

static void keep_as_newest(struct named_entry *entry)
{
	struct named_entries *own = entry->cache->entries;

	if (entry->is_kept)
		unkeep(entry);
	entry->newer = NULL;
	entry->older = own->newest;
	*(own->newest ? &own->newest->newer : &own->oldest) = entry;
	own->newest = entry;
	entry->is_kept = true;
	own->count++;
}

static void unlist(struct named_entry *entry)
{
	if (!entry->is_listed)
		return;

	struct named_entry **link = &entry->cache->entries->buckets[entry->hash % BUCKETS];

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	entry->is_listed = false;
	if (entry->is_kept)
		unkeep(entry);
	if (entry->has_failed) {
		timer_stop(&entry->forgotten);
		entry->has_failed = false;
		entry->cache->entries->failures--;
	}
}

/* An entry is freed when it is used by no handshake, not listed and not asked for. */
static void settle(struct named_entry *entry)
{
	if (entry->uses || entry->is_listed || entry->is_asked)
		return;
	certificate_free(&entry->certificate);
	explicit_bzero(entry->bytes, entry->asked.len + entry->texts[0].len + entry->texts[1].len);
	free(entry);
}

static void drop(struct named_entry *entry)
{
	unlist(entry);
	settle(entry);
}

static void drop_inactive(void *data)
{
	struct named_entries *own = data;
	int64_t inactive_ms = own->cache->inactive.ms;

	while (own->oldest && clock_ms() - own->oldest->used_ms >= inactive_ms)
		drop(own->oldest);
	if (own->oldest)
		timer_start_at(&own->timer, own->oldest->used_ms + inactive_ms);
}

static void forget(void *data)
{
	drop(data);
}

/* Handshakes that want the same pair fail at once for a while, so that they cost nothing. */
static void keep_failure(struct named_entry *entry)
{
	struct named_entries *own = entry->cache->entries;

	if (!entry->is_listed)
		return;
	if (own->failures == FAILURES_MAX) {
		unlist(entry);
		return;
	}
	own->failures++;
	entry->has_failed = true;
	entry->forgotten = (struct timer){ .expired = forget, .data = entry };
	timer_start(&entry->forgotten, FAILURE_MS);
}

/*
 * After an entry was read: keeps it if the cache keeps any, and drops the oldest one if
 * there are too many. Entries that are asked for are not among them: others shall find them.
 */
static void keep(struct named_entry *entry)
{
	struct named_entries *own = entry->cache->entries;

	if (entry->cache->max == 0)
		unlist(entry);
	if (!entry->is_listed)
		return;
	keep_as_newest(entry);
	if (own->count > own->cache->max)
		drop(own->oldest);
	if (!timer_is_started(&own->timer))
		timer_start(&own->timer, own->cache->inactive.ms);
}

/* --- reading --- */

/*
 * Nobody wants the answer any more. Clients choose the names, so entries that wait for a helper
 * that takes long would become more and more.
 */
static void withdraw(struct named_entry *entry)
{
	if (!entry->question.asker)
		return; /* the answer is there, and what was begun for it may help the next one */
	helper_withdraw(&entry->question);
	entry->is_asked = false;
	unlist(entry);
}

static void unuse(struct named_use *use)
{
	struct named_entry *entry = use->entry;

	if (!entry)
		return;
	*use->link = use->next;
	if (use->next)
		use->next->link = use->link;
	use->entry = NULL;
	if (!entry->uses)
		withdraw(entry);
	settle(entry);
}

/* All sets that wait for the entry have one entry less to wait for. */
static void tell_sets(struct named_entry *entry)
{
	struct named_use *next;

	for (struct named_use *use = entry->uses; use; use = next) {
		struct named_set *set = use->set;

		next = use->next;
		if (--set->missing > 0)
			continue;
		waiting--;
		set->ready(set->data);
	}
}

/* All know now what has become of the entry. */
static void end_asking(struct named_entry *entry)
{
	tell_sets(entry);
	entry->is_asked = false; /* until now nobody has freed it */
	settle(entry);
}

static void parsed(void *data, const struct named_parsed *outcome)
{
	struct named_entry *entry = data;
	bool is_key = outcome->result != CERTIFICATE_WRONG_CHAIN;

	entry->certificate = outcome->certificate;
	if (outcome->result == CERTIFICATE_USABLE) {
		entry->is_read = true;
		entry->read_ms = clock_ms();
		keep(entry);
	} else {
		/* There is no reason if the worker ends before a thread has begun. */
		if (outcome->reason)
			report(is_key ? &entry->pair->key : &entry->pair->certificate,
			       entry->texts[is_key], outcome->reason);
		keep_failure(entry);
	}
	end_asking(entry);
}

/* Nothing has come of the question for the files, or of the work with them. */
static void fail(struct named_entry *entry, bool is_key, int error)
{
	report(is_key ? &entry->pair->key : &entry->pair->certificate, entry->texts[is_key],
	       reason_of(error));
	unlist(entry);
}

static void answered(struct helper_question *question, const struct helper_answer *answer)
{
	struct named_entry *entry = (struct named_entry *)question;
	struct named_answer lens = { 0, 0 };
	int error = answer->error;

	if (answer->payload.len == sizeof(lens))
		memcpy(&lens, answer->payload.data, sizeof(lens));
	if (error == 0)
		error = named_parse(entry->pair, entry->texts, answer->fd, lens, parsed, entry);
	if (answer->fd >= 0)
		close(answer->fd);
	if (error < 0) {
		fail(entry, str_eq(answer->payload, STR("key")), error);
		end_asking(entry);
	}
}

/* --- sets --- */

static struct named_entries *entries_of(struct named_cache *cache)
{
	struct named_entries *own = cache->entries;

	if (own)
		return own;
	own = calloc(1, sizeof(*own));
	if (!own)
		return NULL;
	own->timer = (struct timer){ .expired = drop_inactive, .data = own };
	own->cache = cache;
	own->next = all_entries;
	all_entries = own;
	cache->entries = own;
	return own;
}

static uint64_t hash_of(const struct named_pair *pair, const struct str *texts)
{
	return (hash_str(texts[0]) * 31 + hash_str(texts[1])) * 31 + pair->number;
}

static bool is_valid(const struct named_entry *entry)
{
	return !entry->is_read || clock_ms() - entry->read_ms < entry->cache->valid.ms;
}

/* The listed entry; a kept one is the newest then. NULL: there is none that is valid. */
static struct named_entry *find(struct named_entries *own, const struct named_pair *pair,
				const struct str *texts)
{
	uint64_t hash = hash_of(pair, texts);
	struct named_entry *entry = own->buckets[hash % BUCKETS];

	while (entry && (entry->hash != hash || entry->pair != pair ||
			 !str_eq(entry->texts[0], texts[0]) || !str_eq(entry->texts[1], texts[1])))
		entry = entry->next;
	if (!entry)
		return NULL;
	if (!is_valid(entry)) {
		drop(entry);
		return NULL;
	}
	if (entry->is_kept)
		keep_as_newest(entry);
	return entry;
}

/* A listed entry, for which nothing was asked yet. NULL: no memory. */
static struct named_entry *make(struct named_cache *cache, const struct named_pair *pair,
				const struct str *texts)
{
	char asked[NAMED_QUESTION_MAX];
	const struct named_question question = {
		.number = pair->number,
		.certificate = pair->certificate.is_data ? STR("") : texts[0],
		.key = pair->key.is_data ? STR("") : texts[1],
	};
	size_t len = named_question_write(asked, &question);
	struct named_entry *entry = calloc(1, sizeof(*entry) + len + texts[0].len + texts[1].len);

	if (!entry)
		return NULL;
	entry->question.answered = answered;
	entry->pair = pair;
	entry->cache = cache;
	entry->asked = (struct str){ entry->bytes, len };
	memcpy(entry->bytes, asked, len);
	entry->texts[0] = (struct str){ entry->bytes + len, texts[0].len };
	entry->texts[1] = (struct str){ str_put(entry->bytes + len, texts[0]), texts[1].len };
	str_put((char *)entry->texts[1].data, texts[1]);
	entry->hash = hash_of(pair, texts);

	struct named_entry **bucket = &cache->entries->buckets[entry->hash % BUCKETS];

	entry->next = *bucket;
	*bucket = entry;
	entry->is_listed = true;
	return entry;
}

static void begin_reading(struct named_entry *entry)
{
	const struct named_pair *pair = entry->pair;

	entry->is_asked = true;
	if (!pair->certificate.is_data || !pair->key.is_data) {
		helper_ask(&named_helper, &entry->question, entry->asked, -1);
		return;
	}

	int error = named_parse(pair, entry->texts, -1, (struct named_answer){ 0, 0 }, parsed,
				entry);

	if (error < 0) {
		fail(entry, false, error);
		entry->is_asked = false;
	}
}

/* 0 or -errno, after a message. */
static int evaluate(struct request *req, const struct named_path *path, struct str *out)
{
	int error = 0;

	if (path->is_data)
		*out = template_text(req, path->name);
	else
		error = template_file_name(req, path->name, NAMED_NAME_MAX, out);
	if (error < 0)
		log_write(log_process, level_of_failure(), 0, 0,
			  "a TLS handshake fails: the variables in \"%.*s\" make no name of a "
			  "file: %s",
			  STR_ARG(path->text),
			  error == -ENAMETOOLONG ? "it would be too long" :
						   "one is empty, or has a slash, a control "
						   "character or \"..\"");
	return error;
}

/* Links the use to the entry of a pair. False, after a message: there is none. */
static bool use_pair(struct named_use *use, struct named_cache *cache,
		     const struct named_pair *pair, struct request *req)
{
	struct named_entries *own = entries_of(cache);
	struct str texts[2];

	if (!own || evaluate(req, &pair->certificate, &texts[0]) < 0 ||
	    evaluate(req, &pair->key, &texts[1]) < 0)
		return false;

	struct named_entry *entry = find(own, pair, texts);
	bool is_new = !entry;

	if (is_new)
		entry = make(cache, pair, texts);
	if (!entry)
		return false;
	entry->used_ms = clock_ms();
	use->entry = entry;
	use->next = entry->uses;
	use->link = &entry->uses;
	if (use->next)
		use->next->link = &use->next;
	entry->uses = use;
	if (is_new)
		begin_reading(entry);
	if (entry->is_asked)
		use->set->missing++;
	return true;
}

static bool has_room(void)
{
	if (waiting < WAITING_MAX)
		return true;
	log_write(log_process, level_of_failure(), 0, 0,
		  "a TLS handshake fails: %d others wait for their certificates", WAITING_MAX);
	return false;
}

struct named_set *named_set_create(const struct ssl_settings *settings, struct request *req,
				   void (*ready)(void *data), void *data)
{
	size_t count = settings->pairs_count;
	struct named_set *set = calloc(1, sizeof(*set) + count * sizeof(set->uses[0]));

	if (!set)
		return NULL;
	set->ready = ready;
	set->data = data;
	for (set->count = 0; set->count < count; set->count++) {
		struct named_use *use = &set->uses[set->count];

		use->set = set;
		if (use_pair(use, settings->cache, settings->pairs[set->count], req))
			continue;
		waiting += set->missing > 0;
		named_set_destroy(set);
		return NULL;
	}
	bool is_refused = set->missing > 0 && !has_room();

	waiting += set->missing > 0;
	if (is_refused) {
		named_set_destroy(set);
		return NULL;
	}
	return set;
}

void named_set_destroy(struct named_set *set)
{
	if (!set)
		return;
	waiting -= set->missing > 0;
	for (size_t i = 0; i < set->count; i++)
		unuse(&set->uses[i]);
	free(set);
}

bool named_set_waits(const struct named_set *set)
{
	return set && set->missing > 0;
}

struct ssl_certificate *named_set_get(const struct named_set *set, size_t i)
{
	struct named_entry *entry = set->uses[i].entry;

	return entry->is_read ? &entry->certificate : NULL;
}

void named_finish(void)
{
	while (all_entries) {
		struct named_entries *own = all_entries;

		all_entries = own->next;
		for (size_t i = 0; i < BUCKETS; i++)
			while (own->buckets[i]) {
				struct named_entry *entry = own->buckets[i];

				/* It stays if a thread parses it: parsed() frees it. */
				withdraw(entry);
				drop(entry);
			}
		timer_stop(&own->timer);
		own->cache->entries = NULL;
		free(own);
	}
}
