/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table with chains, and two lists in the order of use: one of existing files and one of
 * misses. So a client that asks for a million missing names cannot evict files from the cache.
 */
#include "file/cache.h"

#include <assert.h>
#include <errno.h>
#include <hash.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "event/loop.h"
#include "file/cache_private.h"
#include "file/entry.h"
#include "file/mounts.h"
#include "file/opener.h"

enum { SLOTS_MIN = 1024 };

struct use_list {
	struct file_entry *newest, *oldest;
	size_t count;
};

struct file_cache_counts file_cache_counts;

enum { KEPT_MAX = 256 << 10 }; /* of file_kept_bytes() */

static struct {
	struct file_cache_limits limits;
	struct file_entry **slots; /* chains of entries, by hash; NULL: there are none yet */
	size_t slots_count; /* a power of two */
	struct use_list found, missing;
	const struct file_opener *opener; /* NULL: there is none */
} cache = {
	.limits = { .entries = 8192, .bytes = 64 << 20 },
};

static struct use_list *list_of(const struct file_entry *entry)
{
	return entry->file.kind == FILE_MISSING ? &cache.missing : &cache.found;
}

static void list_unlink(struct use_list *list, struct file_entry *entry)
{
	*(entry->newer ? &entry->newer->older : &list->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &list->oldest) = entry->newer;
	entry->newer = entry->older = NULL;
}

static void list_push(struct use_list *list, struct file_entry *entry)
{
	entry->older = list->newest;
	*(list->newest ? &list->newest->newer : &list->oldest) = entry;
	list->newest = entry;
}

static size_t descriptors(const struct file_entry *entry)
{
	return (size_t)(entry->file.fd >= 0) + (size_t)(entry->source >= 0);
}

static void account(const struct file_entry *entry, size_t sign)
{
	file_cache_counts.entries += sign;
	file_cache_counts.bytes += sign * entry->bytes;
	file_cache_counts.fds += sign * descriptors(entry);
	if (entry->file.kind == FILE_MISSING)
		file_cache_counts.missing += sign;
}

/* Doubles the table. If there is no memory, the table stays and its chains become longer. */
static void grow_slots(void)
{
	size_t count = cache.slots_count ? cache.slots_count * 2 : SLOTS_MIN;
	struct file_entry **grown = cache.slots ? malloc(count * sizeof(struct file_entry *)) :
						  heap_alloc(count * sizeof(struct file_entry *));

	if (!grown)
		return;
	memset(grown, 0, count * sizeof(struct file_entry *));
	for (size_t i = 0; i < cache.slots_count; i++) {
		for (struct file_entry *entry = cache.slots[i]; entry;) {
			struct file_entry *next = entry->chain;
			struct file_entry **slot = &grown[entry->hash & (count - 1)];
			entry->chain = *slot;
			*slot = entry;
			entry = next;
		}
	}
	free(cache.slots);
	cache.slots = grown;
	cache.slots_count = count;
}

static void insert(struct file_entry *entry)
{
	if (file_cache_counts.entries >= cache.slots_count)
		grow_slots();
	struct file_entry **slot = &cache.slots[entry->hash & (cache.slots_count - 1)];
	entry->chain = *slot;
	*slot = entry;
	list_push(list_of(entry), entry);
	list_of(entry)->count++;
	account(entry, 1);
	entry->is_cached = true;
	entry->refs++;
}

static void drop(struct file_entry *entry)
{
	struct file_entry **link = &cache.slots[entry->hash & (cache.slots_count - 1)];

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

	if (cache.limits.fds == 0 && getrlimit(RLIMIT_NOFILE, &nofile) == 0)
		cache.limits.fds = nofile.rlim_cur / 4 + 1;
	return cache.limits.fds;
}

static void shrink_to_limits(void)
{
	while (cache.missing.count > cache.limits.entries / 4)
		drop(cache.missing.oldest);
	while (file_cache_counts.entries > cache.limits.entries && cache.found.oldest)
		drop(cache.found.oldest);
	while (file_cache_counts.bytes > cache.limits.bytes &&
	       (cache.found.oldest || cache.missing.oldest))
		drop(cache.found.oldest ? cache.found.oldest : cache.missing.oldest);
	while (file_cache_counts.fds > fds_limit()) {
		struct file_entry *entry = cache.found.oldest;

		while (entry && descriptors(entry) == 0)
			entry = entry->newer;
		drop(entry);
	}
}

void file_cache_limit(struct file_cache_limits new_limits)
{
	cache.limits = new_limits;
	shrink_to_limits();
}

struct file_entry *cache_find(const struct file_query *query, uint64_t hash)
{
	if (!cache.slots)
		return NULL;
	struct file_entry *entry = cache.slots[hash & (cache.slots_count - 1)];
	while (entry &&
	       !(entry->hash == hash && str_eq(entry->file.path, query->path) &&
		 entry->root_len == query->root_len && entry->fixed_len == query->fixed_len &&
		 entry->has_dots == query->has_dots && entry->is_hidden == query->is_hidden &&
		 entry->symlinks == query->symlinks))
		entry = entry->chain;
	return entry;
}

/*
 * Puts the entry into the table, unless its error says nothing about a file: the name is too long
 * for the kernel, or this process lacks descriptors or memory.
 */
static void keep(struct file_entry *entry)
{
	int error = entry->file.error;

	file_cache_counts.fills++;
	if (error != ENAMETOOLONG && error != EMFILE && error != ENFILE && error != ENOMEM) {
		insert(entry);
		shrink_to_limits();
	}
}

void cache_put(struct file_entry *entry)
{
	const struct file_query query = entry_query(entry);
	struct file_entry *before = cache_find(&query, entry->hash);

	if (before)
		drop(before);
	keep(entry);
}

/* NULL: the opener has to be asked. */
static struct file_entry *fill(const struct file_query *query, uint64_t hash,
			       const struct file_look *look)
{
	struct file_entry *entry = entry_create(query, hash, look);

	/* Without a descriptor, those of files that nobody reads are closed first. */
	if ((entry->file.error == EMFILE || entry->file.error == ENFILE) && file_cache_trim()) {
		entry_unref(entry);
		entry = entry_create(query, hash, look);
	}
	if (entry->is_forbidden && cache.opener && cache.opener->opens_forbidden) {
		entry_unref(entry);
		return NULL;
	}
	keep(entry);
	return entry;
}

/*
 * Replaces an entry that is out of date by one of the same open file, if the path still leads to
 * that file. The caller gets a reference.
 */
static struct file_entry *read_again(struct file_entry *before, const struct file_query *query,
				     const struct file_look *look)
{
	uint64_t hash = before->hash;
	int64_t opened_ms = before->opened_ms;
	int fd = entry_source(before, look);

	drop(before);
	struct file_entry *entry = fd >= 0 ? entry_create_opened(query, hash, fd, "") : NULL;
	if (!entry)
		return NULL;
	entry->opened_ms = opened_ms;
	entry->round = loop_round_number();
	keep(entry);
	return entry;
}

static bool may_wait(const struct file_query *query, dev_t *device)
{
	return cache.opener && mounts_may_wait(query->path, device) && cache.opener->knows(query);
}

/* Entries of files on slow file systems are validated by the opener. */
static bool look_may_wait(const struct file_query *query, struct file_need *need)
{
	need->kind = FILE_LOOK;
	return !file_query_refusal(query) && !memchr(query->path.data, '\0', query->path.len) &&
	       may_wait(query, &need->device);
}

static bool is_known_fast(const struct file_entry *entry)
{
	return entry && !entry->is_slow && entry->mounts == mounts_version;
}

struct file *file_lookup(const struct file_query *query, struct file_need *need)
{
	uint64_t hash = hash_str(query->path);
	uint64_t round = loop_round_number();
	struct file_entry *entry = cache_find(query, hash);

	if (!entry || entry->round != round) {
		if (!is_known_fast(entry)) {
			if (look_may_wait(query, need))
				return NULL;
			if (entry)
				entry->mounts = mounts_version;
		}
		struct file_look look = file_look(query);
		if (entry && (entry->is_slow || !entry_is_valid(entry, &look))) {
			/* A link may lead to another place now. */
			if (look_may_wait(query, need))
				return NULL;
			entry = read_again(entry, query, &look);
			if (entry)
				return &entry->file;
		}
		if (!entry) {
			*need = (struct file_need){ FILE_OPEN, look.status.st_dev };
			return (struct file *)fill(query, hash, &look); /* its first member */
		}
		entry->round = round;
	}
	file_cache_counts.hits++;
	if (list_of(entry)->newest != entry) {
		list_unlink(list_of(entry), entry);
		list_push(list_of(entry), entry);
	}
	entry->refs++;
	return &entry->file;
}

static struct file_status status_of(const struct file_entry *entry)
{
	return (struct file_status){
		.kind = entry->file.kind,
		.error = entry->file.error,
		.is_executable = entry->stamp.mode & S_IXUSR,
	};
}

struct file_status file_entry_status(const struct file *file)
{
	return status_of((const struct file_entry *)file);
}

const struct file_stamp *file_stamp(const struct file *file)
{
	return &((const struct file_entry *)file)->stamp;
}

bool file_status_may_wait(const struct file_query *query, struct file_need *need)
{
	need->kind = FILE_STATUS;
	return cache.opener && mounts_are_slow &&
	       !is_known_fast(cache_find(query, hash_str(query->path))) &&
	       may_wait(query, &need->device);
}

struct file_status file_lookup_status(const struct file_query *query, char *why, size_t why_size)
{
	uint64_t hash = hash_str(query->path);
	struct file_entry *entry = cache_find(query, hash);
	struct file_look look = { 0 };

	if (entry && entry->round == loop_round_number() && !entry->is_refused)
		return status_of(entry);
	look.error = -policy_stat(query, &look.status, why, why_size);
	if (entry && entry_is_valid(entry, &look)) {
		entry->round = loop_round_number();
		return status_of(entry);
	}
	if (look.error == ENOENT || look.error == ENOTDIR) {
		if (entry)
			drop(entry);
		entry_unref(fill(query, hash, &look));
	}
	if (look.error)
		return (struct file_status){ .kind = FILE_MISSING, .error = look.error };
	return (struct file_status){
		.kind = entry_kind(look.status.st_mode),
		.is_executable = look.status.st_mode & S_IXUSR,
	};
}

void file_opener_use(const struct file_opener *opener)
{
	cache.opener = opener;
}

const struct file_opener *file_opener(void)
{
	return cache.opener;
}

struct file *file_unavailable(const struct file_query *query, int error, const char *why)
{
	return &entry_create_failed(query, hash_str(query->path), error, why)->file;
}

void file_hold(struct file *file)
{
	((struct file_entry *)file)->refs++;
}

void file_release(struct file *file)
{
	entry_unref((struct file_entry *)file);
}

bool file_cache_trim(void)
{
	bool any = false;

	for (struct file_entry *entry = cache.found.oldest, *next; entry; entry = next) {
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
	while (cache.found.oldest)
		drop(cache.found.oldest);
	while (cache.missing.oldest)
		drop(cache.missing.oldest);
	free(cache.slots);
	cache.slots = NULL;
	cache.slots_count = 0;
}

/*
 * The entry takes so many bytes more, or fewer (below 0). They count against the limit of the
 * cache, which may drop the entry for them.
 */
static void add_bytes(struct file_entry *entry, ssize_t bytes)
{
	entry->bytes += (size_t)bytes;
	if (entry->is_cached) {
		file_cache_counts.bytes += (size_t)bytes;
		shrink_to_limits();
	}
}

struct str file_kept_bytes(struct file *file, size_t len)
{
	struct file_entry *entry = (struct file_entry *)file;
	bool may_be_kept = file->fd >= 0 && file->size <= KEPT_MAX &&
			   file->size <= cache.limits.bytes / 16 && entry->is_cached &&
			   !entry->is_young &&
			   entry_kept_total + file->size <= cache.limits.bytes;

	if (entry->kept.data)
		return entry->kept;
	/* A file that is read once is not worth the memory. */
	entry->bytes_read += len;
	if (may_be_kept && entry->bytes_read > file->size) {
		if (entry_keep(entry))
			add_bytes(entry, (ssize_t)entry->kept.len);
		entry->bytes_read = 0; /* after a failure it is not tried in each read */
	}
	return entry->kept;
}

/* --- attachments --------------------------------------------------------------------- */

static struct file_attachment *find_attachment(const struct file *file, const struct module *module,
					       uint64_t key)
{
	struct file_attachment *attachment = ((const struct file_entry *)file)->attachments;

	while (attachment && (attachment->module != module || attachment->key != key))
		attachment = attachment->next;
	return attachment;
}

static void resize(struct file_entry *entry, struct file_attachment *attachment, size_t bytes)
{
	ssize_t difference = (ssize_t)bytes - (ssize_t)attachment->bytes;

	attachment->bytes = bytes;
	add_bytes(entry, difference);
}

void file_attach(struct file *file, const struct module *module, uint64_t key, void *value,
		 size_t bytes, void (*end)(void *value))
{
	struct file_entry *entry = (struct file_entry *)file;
	struct file_attachment *attachment = heap_alloc(sizeof(*attachment));

	assert(!find_attachment(file, module, key));
	*attachment = (struct file_attachment){
		.module = module,
		.key = key,
		.value = value,
		.end = end,
		.next = entry->attachments,
	};
	entry->attachments = attachment;
	resize(entry, attachment, sizeof(*attachment) + bytes);
}

void *file_attached(const struct file *file, const struct module *module, uint64_t key)
{
	const struct file_attachment *attachment = find_attachment(file, module, key);

	return attachment ? attachment->value : NULL;
}

void file_attachment_resize(struct file *file, const struct module *module, uint64_t key,
			    size_t bytes)
{
	struct file_attachment *attachment = find_attachment(file, module, key);

	if (attachment)
		resize((struct file_entry *)file, attachment, sizeof(*attachment) + bytes);
}

bool file_detach_idle(struct file *file, const struct module *module, uint64_t key)
{
	struct file_entry *entry = (struct file_entry *)file;
	struct file_attachment *attachment = find_attachment(file, module, key);
	struct file_attachment **link = &entry->attachments;

	if (entry->refs > 1)
		return false;
	if (!attachment)
		return true;
	while (*link != attachment)
		link = &(*link)->next;
	*link = attachment->next;
	resize(entry, attachment, 0);
	attachment->end(attachment->value);
	free(attachment);
	return true;
}
