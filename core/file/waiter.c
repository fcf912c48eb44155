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

/* A question to the opener. */
struct asked {
	struct file_question question; /* first */
	uint64_t hash;
	uint64_t round; /* the turn of the loop in which it was asked */
	struct file_entry *known; /* the version that the question names; NULL: none */
	struct file_waiter *waiters;
	struct asked *next, **link;
	char path[];
};

/* The questions without an answer yet, the latest first. */
static struct asked *unanswered;

static bool is_same_query(const struct file_query *a, const struct file_query *b)
{
	return str_eq(a->path, b->path) && a->root_len == b->root_len &&
	       a->fixed_len == b->fixed_len && a->symlinks == b->symlinks &&
	       a->location == b->location;
}

/* Finds a question of this turn. Requests that join it were received before it was asked. */
static struct asked *find_asked(const struct file_query *query, uint64_t hash,
				enum file_question_kind kind)
{
	struct asked *asked = unanswered;

	while (asked && asked->round == loop_round_number()) {
		if (asked->hash == hash && asked->question.kind == kind &&
		    is_same_query(&asked->question.query, query))
			return asked;
		asked = asked->next;
	}
	return NULL;
}

static void unlink_asked(struct asked *asked)
{
	*asked->link = asked->next;
	if (asked->next)
		asked->next->link = asked->link;
}

static void unlink_waiter(struct file_waiter *waiter)
{
	*waiter->link = waiter->next;
	if (waiter->next)
		waiter->next->link = waiter->link;
	waiter->link = NULL;
}

static void free_asked(struct asked *asked)
{
	if (asked->known)
		entry_unref(asked->known);
	free(asked);
}

/*
 * An entry of this version that the cache has got since the question was asked, as the answer to
 * another one. The caller gets a reference. NULL: there is none.
 */
static struct file_entry *find_version(const struct asked *asked, const struct file_stamp *stamp)
{
	struct file_entry *entry = cache_find(&asked->question.query, asked->hash);

	if (!entry || entry->is_young || entry->file.kind != FILE_REGULAR ||
	    entry->is_slow != (asked->question.kind == FILE_LOOK) ||
	    !same_stamp(&entry->stamp, stamp))
		return NULL;
	entry->opened_ms = clock_ms();
	entry->refs++;
	return entry;
}

static struct file_entry *entry_of_opened(const struct asked *asked,
					  const struct file_answer *answer)
{
	struct stat status;

	if (answer->error == 0 && fstat(answer->fd, &status) == 0) {
		struct file_stamp stamp = stamp_of(&status);
		struct file_entry *entry = find_version(asked, &stamp);

		if (entry) {
			close(answer->fd);
			return entry;
		}
	}
	return entry_create_opened(&asked->question.query, asked->hash,
				   answer->error < 0 ? answer->error : answer->fd, answer->why);
}

static struct file_entry *entry_of_found(const struct asked *asked,
					 const struct file_answer *answer)
{
	struct file_entry *entry = find_version(asked, &answer->stamp);

	if (!entry)
		return entry_create_found(&asked->question.query, asked->hash, &answer->stamp,
					  answer->fd);
	if (answer->fd >= 0)
		close(answer->fd);
	return entry;
}

/* An entry, of which the caller gets a reference. NULL: the file has to be looked up again. */
static struct file_entry *entry_of(struct asked *asked, const struct file_answer *answer)
{
	const struct file_query *query = &asked->question.query;
	enum file_question_kind kind = asked->question.kind;

	if (kind == FILE_OPEN)
		return entry_of_opened(asked, answer);
	if (answer->error < 0)
		return entry_create_failed(query, asked->hash, -answer->error, answer->why);
	if (kind == FILE_STATUS)
		return entry_create_status(query, asked->hash, &answer->stamp);
	if (!answer->is_same || !asked->known)
		return entry_of_found(asked, answer);
	asked->known->refs++;
	return asked->known;
}

static void on_answer(struct file_question *question, const struct file_answer *answer)
{
	struct asked *asked = (struct asked *)question;
	struct file_entry *entry = entry_of(asked, answer);

	unlink_asked(asked);
	if (entry && entry->file.kind != FILE_MISSING && entry != asked->known &&
	    !entry->is_cached && question->kind != FILE_STATUS)
		cache_put(entry);
	while (asked->waiters) {
		struct file_waiter *waiter = asked->waiters;

		unlink_waiter(waiter);
		if (entry)
			entry->refs++;
		waiter->found(waiter, (struct file *)entry);
	}
	if (entry)
		entry_unref(entry);
	free_asked(asked);
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

static struct asked *ask(const struct file_query *query, uint64_t hash,
			 const struct file_need *need)
{
	struct asked *asked = heap_alloc(sizeof(*asked) + query->path.len + 1);
	struct file_entry *known = need->kind == FILE_LOOK ? known_version(query, hash) : NULL;

	*asked = (struct asked){
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
		asked->question.stamp = known->stamp;
	file_question_keep_path(&asked->question, asked->path);
	if (asked->next)
		asked->next->link = &asked->next;
	unanswered = asked;
	file_opener()->ask(&asked->question);
	return asked;
}

void file_ask(const struct file_query *query, const struct file_need *need,
	      struct file_waiter *waiter)
{
	uint64_t hash = hash_str(query->path);
	struct asked *asked = find_asked(query, hash, need->kind);

	if (!asked)
		asked = ask(query, hash, need);
	waiter->asked = asked;
	waiter->next = asked->waiters;
	waiter->link = &asked->waiters;
	if (waiter->next)
		waiter->next->link = &waiter->next;
	asked->waiters = waiter;
}

void file_waiter_cancel(struct file_waiter *waiter)
{
	struct asked *asked = waiter->asked;

	if (!waiter->link)
		return;
	unlink_waiter(waiter);
	if (!asked->waiters && file_opener()->withdraw(&asked->question)) {
		unlink_asked(asked);
		free_asked(asked);
	}
}
