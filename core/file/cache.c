/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table with chains, and two lists in the order of use: one of what is
 * there and one of misses, so that a client who asks for a million names that
 * do not exist drives no file out.
 */
#include "file/cache.h"

#include <errno.h>
#include <hash.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "event/loop.h"
#include "file/entry.h"

enum { SLOTS_MIN = 1024 };

struct use_list {
	struct entry *newest, *oldest;
	size_t count;
};

struct file_cache_counts file_cache_counts;

static struct file_cache_limits limits = { .entries = 8192, .bytes = 64 << 20 };
static struct entry **slots;
static size_t slots_count; /* a power of two */
static struct use_list found, missing;

static struct use_list *list_of(const struct entry *entry)
{
	return entry->file.kind == FILE_MISSING ? &missing : &found;
}

static void list_unlink(struct use_list *list, struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &list->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &list->oldest) = entry->newer;
	entry->newer = entry->older = NULL;
}

static void list_push(struct use_list *list, struct entry *entry)
{
	entry->older = list->newest;
	*(list->newest ? &list->newest->newer : &list->oldest) = entry;
	list->newest = entry;
}

static void touch(struct entry *entry)
{
	struct use_list *list = list_of(entry);

	if (list->newest == entry)
		return;
	list_unlink(list, entry);
	list_push(list, entry);
}

static void account(const struct entry *entry, size_t sign)
{
	file_cache_counts.entries += sign;
	file_cache_counts.bytes += sign * entry->bytes;
	if (entry->file.fd >= 0)
		file_cache_counts.fds += sign;
	if (entry->file.kind == FILE_MISSING)
		file_cache_counts.missing += sign;
}

/* Makes room for twice as many; without memory the chains become longer instead. */
static void grow_slots(void)
{
	size_t count = slots_count ? slots_count * 2 : SLOTS_MIN;
	struct entry **grown = slots ? malloc(count * sizeof(struct entry *)) :
				       heap_alloc(count * sizeof(struct entry *));

	if (!grown)
		return;
	memset(grown, 0, count * sizeof(struct entry *));
	for (size_t i = 0; i < slots_count; i++) {
		for (struct entry *entry = slots[i]; entry;) {
			struct entry *next = entry->chain;
			struct entry **slot = &grown[entry->hash & (count - 1)];
			entry->chain = *slot;
			*slot = entry;
			entry = next;
		}
	}
	free(slots);
	slots = grown;
	slots_count = count;
}

static void insert(struct entry *entry)
{
	if (file_cache_counts.entries >= slots_count)
		grow_slots();
	struct entry **slot = &slots[entry->hash & (slots_count - 1)];
	entry->chain = *slot;
	*slot = entry;
	list_push(list_of(entry), entry);
	list_of(entry)->count++;
	account(entry, 1);
	entry->is_cached = true;
	entry->refs++;
}

static void drop(struct entry *entry)
{
	struct entry **link = &slots[entry->hash & (slots_count - 1)];

	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
	list_unlink(list_of(entry), entry);
	list_of(entry)->count--;
	account(entry, (size_t)-1);
	entry->is_cached = false;
	entry_unref(entry);
}

static size_t fds_limit(void)
{
	struct rlimit nofile;

	if (limits.fds == 0 && getrlimit(RLIMIT_NOFILE, &nofile) == 0)
		limits.fds = nofile.rlim_cur / 4 + 1;
	return limits.fds;
}

/* The longest unused entry that keeps a descriptor open. */
static struct entry *oldest_open(void)
{
	struct entry *entry = found.oldest;

	while (entry && entry->file.fd < 0)
		entry = entry->newer;
	return entry;
}

static void shrink_to_limits(void)
{
	while (missing.count > limits.entries / 4)
		drop(missing.oldest);
	while (file_cache_counts.entries > limits.entries && found.oldest)
		drop(found.oldest);
	while (file_cache_counts.bytes > limits.bytes && (found.oldest || missing.oldest))
		drop(found.oldest ? found.oldest : missing.oldest);
	while (file_cache_counts.fds > fds_limit())
		drop(oldest_open());
}

void file_cache_limit(struct file_cache_limits new_limits)
{
	limits = new_limits;
	shrink_to_limits();
}

static struct entry *find(const struct file_query *query, uint64_t hash)
{
	if (!slots)
		return NULL;
	struct entry *entry = slots[hash & (slots_count - 1)];
	while (entry && !(entry->hash == hash && str_eq(entry->file.path, query->path) &&
			  entry->root_len == query->root_len &&
			  entry->fixed_len == query->fixed_len &&
			  entry->has_dots == query->has_dots &&
			  entry->symlinks == query->symlinks))
		entry = entry->chain;
	return entry;
}

/* Without a descriptor to open it with: those of files that nobody reads are closed first. */
static struct entry *create(const struct file_query *query, uint64_t hash, const struct look *look)
{
	struct entry *entry = entry_create(query, hash, look);

	if ((entry->file.error == EMFILE || entry->file.error == ENFILE) && file_cache_trim()) {
		entry_unref(entry);
		entry = entry_create(query, hash, look);
	}
	return entry;
}

/* Not names that the kernel would not take, nor what says more of us than of the file. */
static bool is_worth_keeping(const struct entry *entry)
{
	int error = entry->file.error;

	return error != ENAMETOOLONG && error != EMFILE && error != ENFILE && error != ENOMEM;
}

static struct entry *fill(const struct file_query *query, uint64_t hash, const struct look *look)
{
	struct entry *entry = create(query, hash, look);

	file_cache_counts.fills++;
	if (is_worth_keeping(entry)) {
		insert(entry);
		shrink_to_limits();
	}
	return entry;
}

struct file *file_lookup(const struct file_query *query)
{
	uint64_t hash = hash_str(query->path);
	uint64_t round = loop_round_number();
	struct entry *entry = find(query, hash);

	if (!entry || entry->round != round) {
		struct look look = file_look(query);
		if (entry && !entry_is_valid(entry, &look)) {
			drop(entry);
			entry = NULL;
		}
		if (!entry)
			return &fill(query, hash, &look)->file;
		entry->round = round;
	}
	file_cache_counts.hits++;
	touch(entry);
	entry->refs++;
	return &entry->file;
}

void file_hold(struct file *file)
{
	((struct entry *)file)->refs++;
}

void file_release(struct file *file)
{
	entry_unref((struct entry *)file);
}

bool file_cache_trim(void)
{
	bool any = false;

	for (struct entry *entry = found.oldest, *next; entry; entry = next) {
		next = entry->newer;
		if (entry->refs == 1) {
			drop(entry);
			any = true;
		}
	}
	return any;
}

void file_cache_clear(void)
{
	while (found.oldest)
		drop(found.oldest);
	while (missing.oldest)
		drop(missing.oldest);
	free(slots);
	slots = NULL;
	slots_count = 0;
}

void file_set_type(struct file *file, struct str type)
{
	struct entry *entry = (struct entry *)file;
	if (!str_empty(file->guessed_type) || str_empty(type))
		return;
	char *copy = malloc(type.len);
	if (!copy)
		return; /* asked again next time */
	memcpy(copy, type.data, type.len);
	file->guessed_type = (struct str){ copy, type.len };
	entry->bytes += type.len;
	if (entry->is_cached)
		file_cache_counts.bytes += type.len;
}
