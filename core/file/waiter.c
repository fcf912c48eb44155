/* SPDX-License-Identifier: BSD-2-Clause */
#include "file/waiter.h"

#include <hash.h>
#include <pool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <timer.h>
#include <unistd.h>

#include "event/loop.h"
#include "file/cache_private.h"
#include "file/entry.h"

/* A question to the opener, with those who wait for its answer. */
struct shared_question {
	struct file_question question; /* first */
	uint64_t hash;
	uint64_t round; /* the turn of the loop in which it was asked */
	struct file_entry *known; /* the version that the question names; NULL: none */
	struct file_waiter *waiters;
	struct shared_question *next, **link;
	char path[];
};

/* The questions without an answer yet, the latest first. */
static struct shared_question *unanswered;

static bool is_same_query(const struct file_query *a, const struct file_query *b)
{
	return str_eq(a->path, b->path) && a->root_len == b->root_len &&
	       a->fixed_len == b->fixed_len && a->symlinks == b->symlinks &&
	       a->location == b->location;
}

/* Finds a question of this turn. Requests that join it were received before it was asked. */
static struct shared_question *find_shared(const struct file_query *query, uint64_t hash,
					   enum file_question_kind kind)
{
	struct shared_question *shared = unanswered;

	while (shared && shared->round == loop_round_number()) {
		if (shared->hash == hash && shared->question.kind == kind &&
		    is_same_query(&shared->question.query, query))
			return shared;
		shared = shared->next;
	}
	return NULL;
}

static void unlink_shared(struct shared_question *shared)
{
	*shared->link = shared->next;
	if (shared->next)
		shared->next->link = shared->link;
}

static void unlink_waiter(struct file_waiter *waiter)
{
	*waiter->link = waiter->next;
	if (waiter->next)
		waiter->next->link = waiter->link;
	waiter->link = NULL;
}

static void free_shared(struct shared_question *shared)
{
	if (shared->known)
		entry_unref(shared->known);
	free(shared);
}

/*
 * An entry of this version that the cache has got since the question was asked, as the answer to
 * another one. The caller gets a reference. NULL: there is none.
 */
static struct file_entry *find_version(const struct shared_question *shared,
				       const struct file_stamp *stamp)
{
	struct file_entry *entry = cache_find(&shared->question.query, shared->hash);

	if (!entry || entry->is_young || entry->file.kind != FILE_REGULAR ||
	    entry->is_slow != (shared->question.kind == FILE_LOOK) ||
	    !same_stamp(&entry->stamp, stamp))
		return NULL;
	entry->opened_ms = clock_ms();
	entry->refs++;
	return entry;
}

static struct file_entry *entry_of_opened(const struct shared_question *shared,
					  const struct file_answer *answer)
{
	struct stat status;

	if (answer->error == 0 && fstat(answer->fd, &status) == 0) {
		struct file_stamp stamp = stamp_of(&status);
		struct file_entry *entry = find_version(shared, &stamp);

		if (entry) {
			close(answer->fd);
			return entry;
		}
	}
	return entry_create_opened(&shared->question.query, shared->hash,
				   answer->error < 0 ? answer->error : answer->fd, answer->why);
}

static struct file_entry *entry_of_found(const struct shared_question *shared,
					 const struct file_answer *answer)
{
	struct file_entry *entry = find_version(shared, &answer->stamp);

	if (!entry)
		return entry_create_found(&shared->question.query, shared->hash, &answer->stamp,
					  answer->fd);
	if (answer->fd >= 0)
		close(answer->fd);
	return entry;
}

/* An entry, of which the caller gets a reference. NULL: the file has to be looked up again. */
static struct file_entry *entry_of(struct shared_question *shared, const struct file_answer *answer)
{
	const struct file_query *query = &shared->question.query;
	enum file_question_kind kind = shared->question.kind;

	if (kind == FILE_OPEN)
		return entry_of_opened(shared, answer);
	if (answer->error < 0)
		return entry_create_failed(query, shared->hash, -answer->error, answer->why);
	if (kind == FILE_STATUS)
		return entry_create_status(query, shared->hash, &answer->stamp);
	if (!answer->is_same || !shared->known)
		return entry_of_found(shared, answer);
	shared->known->refs++;
	return shared->known;
}

static void on_answer(struct file_question *question, const struct file_answer *answer)
{
	struct shared_question *shared = (struct shared_question *)question;
	struct file_entry *entry = entry_of(shared, answer);

	unlink_shared(shared);
	if (entry && entry->file.kind != FILE_MISSING && entry != shared->known &&
	    !entry->is_cached && question->kind != FILE_STATUS)
		cache_put(entry);
	while (shared->waiters) {
		struct file_waiter *waiter = shared->waiters;

		unlink_waiter(waiter);
		if (entry)
			entry->refs++;
		waiter->found(waiter, (struct file *)entry);
	}
	if (entry)
		entry_unref(entry);
	free_shared(shared);
}

/* The version that this process has, unless its stamp may hide a change. */
static struct file_entry *known_version(const struct file_query *query, uint64_t hash)
{
	struct file_entry *entry = cache_find(query, hash);

	if (!entry || !entry->is_slow || entry->is_young || entry->file.kind == FILE_MISSING)
		return NULL;
	entry->refs++;
	return entry;
}

static struct shared_question *ask(const struct file_query *query, uint64_t hash,
				   const struct file_need *need)
{
	struct shared_question *shared = heap_alloc(sizeof(*shared) + query->path.len + 1);
	struct file_entry *known = need->kind == FILE_LOOK ? known_version(query, hash) : NULL;

	*shared = (struct shared_question){
		.question = {
			.query = *query,
			.device = need->device,
			.kind = need->kind,
			.answered = on_answer,
		},
		.known = known,
		.hash = hash,
		.round = loop_round_number(),
		.next = unanswered,
		.link = &unanswered,
	};
	if (known)
		shared->question.stamp = known->stamp;
	file_question_keep_path(&shared->question, shared->path);
	if (shared->next)
		shared->next->link = &shared->next;
	unanswered = shared;
	file_opener()->ask(&shared->question);
	return shared;
}

void file_ask(const struct file_query *query, const struct file_need *need,
	      struct file_waiter *waiter)
{
	uint64_t hash = hash_str(query->path);
	struct shared_question *shared = find_shared(query, hash, need->kind);

	if (!shared)
		shared = ask(query, hash, need);
	waiter->shared = shared;
	waiter->next = shared->waiters;
	waiter->link = &shared->waiters;
	if (waiter->next)
		waiter->next->link = &waiter->next;
	shared->waiters = waiter;
}

void file_waiter_cancel(struct file_waiter *waiter)
{
	struct shared_question *shared = waiter->shared;

	if (!waiter->link)
		return;
	unlink_waiter(waiter);
	if (!shared->waiters && file_opener()->withdraw(&shared->question)) {
		unlink_shared(shared);
		free_shared(shared);
	}
}
