/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The requests that wait for a check and, until it is done, the queue hold references to it;
 * whoever drops the last reference frees the check. All members but `what` are protected by the
 * lock. A thread takes one check after the other until no check waits, so thread_run() is called
 * once for each thread, not for each check.
 */
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <thread.h>

#include "users.h"

enum { RUNNING_MOST = 2, WAITING_MOST = 64 };

/* A request that waits for a check; it lives in the request's pool. */
struct waiter {
	struct check *check;
	struct wakeup *wakeup;
	struct waiter *next;
};

struct check {
	struct credentials what;
	unsigned refs;
	bool is_done;
	struct waiter *waiters;
	enum check_outcome outcome;
	int error;
	bool is_current;
	struct check *next; /* in the list of checks that are not done */
	bool has_begun;
	char bytes[]; /* the texts of `what` */
};

static struct {
	pthread_mutex_t lock;
	struct check *first; /* the checks that are not done, the oldest first */
	unsigned waiting; /* how many of them no thread has begun */
	unsigned running; /* how many threads run */
	bool is_stopping;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void drop(struct check *check)
{
	if (--check->refs == 0)
		free(check);
}

/* --- on a thread --------------------------------------------------------------------- */

static enum check_outcome compare(const struct credentials *what, const struct users *users)
{
	static const enum check_outcome outcomes[] = {
		[PASSWORD_RIGHT] = CHECK_RIGHT,
		[PASSWORD_WRONG] = CHECK_WRONG,
		[PASSWORD_UNKNOWN] = CHECK_UNKNOWN,
	};
	bool is_known;
	enum password_result result = users_check(users, what->user, what->password, &is_known);

	return is_known ? outcomes[result] : CHECK_NO_USER;
}

/* Called without the lock: other threads do not read the outcome before the check is done. */
static void perform(struct check *check)
{
	struct users users;

	check->error = users_read(check->what.path.data, &users);
	if (check->error < 0) {
		check->outcome = CHECK_NO_FILE;
		return;
	}
	check->outcome = compare(&check->what, &users);
	check->is_current = users_same(&users.status, &check->what.status);
	users_free(&users);
}

static struct check *next_check(void)
{
	struct check *check = queue.first;

	while (check && check->has_begun)
		check = check->next;
	if (!check || queue.is_stopping)
		return NULL;
	check->has_begun = true;
	queue.waiting--;
	return check;
}

/*
 * Fires the tokens of all waiters and empties their list, so that cancel() does not fire a token
 * again.
 */
static void finish(struct check *check)
{
	struct check **at = &queue.first;

	while (*at != check)
		at = &(*at)->next;
	*at = check->next;
	check->is_done = true;
	explicit_bzero((char *)check->what.password.data, check->what.password.len);
	for (struct waiter *waiter = check->waiters; waiter; waiter = waiter->next)
		wakeup_fire(waiter->wakeup);
	check->waiters = NULL;
	drop(check);
}

static void work(void *unused)
{
	struct check *check;

	(void)unused;
	pthread_mutex_lock(&queue.lock);
	while ((check = next_check())) {
		if (check->waiters) {
			pthread_mutex_unlock(&queue.lock);
			perform(check);
			pthread_mutex_lock(&queue.lock);
		}
		finish(check);
	}
	queue.running--;
	pthread_mutex_unlock(&queue.lock);
}

/* --- on the loop's thread -------------------------------------------------------------- */

/* Called when the request ends while it waits. finish() may have fired its token already. */
static void cancel(void *data)
{
	struct waiter *waiter = data, **at;

	pthread_mutex_lock(&queue.lock);
	for (at = &waiter->check->waiters; *at && *at != waiter;)
		at = &(*at)->next;
	if (*at) {
		*at = waiter->next;
		wakeup_fire(waiter->wakeup);
	}
	pthread_mutex_unlock(&queue.lock);
}

static void let_go(void *data)
{
	pthread_mutex_lock(&queue.lock);
	drop(data);
	pthread_mutex_unlock(&queue.lock);
}

static struct check *find(const struct pair_key *key)
{
	for (struct check *check = queue.first; check; check = check->next)
		if (memcmp(&check->what.key, key, sizeof(*key)) == 0)
			return check;
	return NULL;
}

/* Adds a check to the queue. NULL: too many checks wait, or there is no memory. */
static struct check *add(const struct credentials *what)
{
	size_t size = what->path.len + 1 + what->user.len + what->password.len;
	struct check *check, **end = &queue.first;

	if (queue.waiting >= WAITING_MOST || !(check = malloc(sizeof(*check) + size)))
		return NULL;
	*check = (struct check){ .what = *what, .refs = 1 };

	char *user = str_put(check->bytes, what->path);

	*user++ = '\0';
	char *password = str_put(user, what->user);

	str_put(password, what->password);
	check->what.path.data = check->bytes;
	check->what.user.data = user;
	check->what.password.data = password;
	while (*end)
		end = &(*end)->next;
	*end = check;
	queue.waiting++;
	return check;
}

/* Starts a thread if checks wait. If no thread can be started, the checks are made here. */
static void start_work(void)
{
	bool is_needed;

	pthread_mutex_lock(&queue.lock);
	is_needed = queue.waiting > 0 && queue.running < RUNNING_MOST;
	queue.running += is_needed;
	pthread_mutex_unlock(&queue.lock);
	if (is_needed && thread_run(work, NULL) < 0)
		work(NULL);
}

struct check *check_start(struct request *req, const struct credentials *what)
{
	struct waiter *waiter = pool_new(req->pool, struct waiter);

	pthread_mutex_lock(&queue.lock);
	struct check *check = find(&what->key);
	if (!check)
		check = add(what);
	if (check) {
		*waiter = (struct waiter){
			.check = check,
			.wakeup = request_wait(req, cancel, waiter),
			.next = check->waiters,
		};
		check->waiters = waiter;
		check->refs++;
	}
	pthread_mutex_unlock(&queue.lock);
	if (!check)
		return NULL;
	pool_cleanup(req->pool, let_go, check);
	start_work();
	return check;
}

enum check_outcome check_outcome(const struct check *check)
{
	return check->outcome;
}

int check_error(const struct check *check)
{
	return check->error;
}

bool check_is_current(const struct check *check)
{
	return check->is_current;
}

void checks_init(void)
{
	queue.running = queue.waiting = 0;
	queue.is_stopping = false;
}

/*
 * A thread that has begun a check still finishes it. Waiting checks get the outcome
 * CHECK_ABANDONED.
 */
void checks_finish(void)
{
	pthread_mutex_lock(&queue.lock);
	for (struct check *check = queue.first, *next; check; check = next) {
		next = check->next;
		if (!check->has_begun)
			finish(check);
	}
	queue.is_stopping = true;
	pthread_mutex_unlock(&queue.lock);
}
