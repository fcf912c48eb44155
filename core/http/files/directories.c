/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories for requests. A scan reads one directory on a thread, for all requests that
 * asked for it before the scan began. So a thousand clients that ask for the same directory
 * at once cost one or two scans, and each client gets a list that is newer than its request.
 *
 *     directory_read()   joins a scan that has not begun, or queues one; the request waits
 *     begin_scans()      gives scans to threads, at most SCANS_AT_ONCE
 *     work()             on a thread: directory_scan() (file/directory.c)
 *     finish()           on the loop's thread: calls the handlers of the requests again, or
 *       ask_opener()     if the sandbox refused: asks the opener to open the directory
 *     on_opened()        gets the descriptor; then the scan begins again with it
 *
 * When a scan finds the same entries as a list that is still being sent, the requests share
 * that list, so that many slow clients do not hold many equal lists.
 */
#include <directory.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "event/complete.h"
#include "file/directory.h"
#include "file/mounts.h"
#include "file/opener.h"
#include "http/files/files.h"
#include "http/request/request_private.h"
#include <thread.h>

/* The pool has four threads. Those that do not scan are left for shorter work. */
enum { SCANS_AT_ONCE = 2, SCAN_MS = 30000 };

/* The directory, the policy under which it is read, and the order. */
struct scan_key {
	struct file_query query;
	enum directory_order order;
};

/* A list that requests hold. */
struct shared_list {
	struct scan_key key; /* its path is behind this struct */
	struct directory_list *list;
	unsigned refs; /* of requests, and of scans that compare their entries with it */
	struct shared_list *next, **link;
};

struct scan {
	struct completion done; /* first */
	struct scan_key key; /* its path is behind this struct */
	atomic_bool stop; /* no request waits for the scan any more */
	bool has_begun, is_same;
	bool is_slow; /* it may wait for a slow file system */
	int fd; /* of the directory, from the opener; -1: it has opened none */
	bool was_asked; /* the opener was asked for the directory */
	struct file_question question; /* to the opener */
	struct directory_list *list;
	struct shared_list *previous; /* the list that requests hold already; NULL: none */
	struct directory_reading *readings; /* of the requests that wait for this scan */
	struct scan *next;
};

/* A directory that a request has asked for; in its pool. */
struct directory_reading {
	struct scan_key key;
	struct directory failure; /* the error, if there is no list */
	struct shared_list *shared;
	struct scan *scan; /* NULL: the scan is over */
	struct wakeup *wakeup;
	struct pool *pool; /* of the request */
	struct directory_reading *next_of_scan, **link;
	struct directory_reading *next_of_request;
};

static struct {
	struct scan *first, **end; /* the queue of scans that have not begun */
	struct scan *begun[SCANS_AT_ONCE];
	struct shared_list *lists; /* that requests hold */
} scans = { .end = &scans.first };

static bool is_same_key(const struct scan_key *a, const struct scan_key *b)
{
	return a->order == b->order && a->query.symlinks == b->query.symlinks &&
	       a->query.root_len == b->query.root_len && a->query.fixed_len == b->query.fixed_len &&
	       a->query.has_dots == b->query.has_dots && a->query.is_hidden == b->query.is_hidden &&
	       str_eq(a->query.path, b->query.path);
}

/* Zeroed memory of `size` bytes with a copy of the key's path behind it. NULL: no memory. */
static void *alloc_with_path(size_t size, const struct scan_key *key, struct scan_key *copy)
{
	struct str path = key->query.path;
	char *memory = calloc(1, size + path.len + 1);

	if (!memory)
		return NULL;
	*str_put(memory + size, path) = '\0';
	*copy = *key;
	copy->query.path.data = memory + size;
	return memory;
}

/* --- lists that are shared ----------------------------------------------------------- */

static struct shared_list *find_shared(const struct scan_key *key)
{
	struct shared_list *shared = scans.lists;

	while (shared && !is_same_key(&shared->key, key))
		shared = shared->next;
	if (shared)
		shared->refs++;
	return shared;
}

/* Makes a shared list, which owns `list`; the caller gets one reference. NULL: no memory. */
static struct shared_list *share(struct directory_list *list, const struct scan_key *key)
{
	struct scan_key copy;
	struct shared_list *shared = alloc_with_path(sizeof(*shared), key, &copy);

	if (!shared) {
		directory_list_free(list);
		return NULL;
	}
	*shared = (struct shared_list){
		.key = copy,
		.list = list,
		.refs = 1,
		.next = scans.lists,
		.link = &scans.lists,
	};
	if (scans.lists)
		scans.lists->link = &shared->next;
	scans.lists = shared;
	return shared;
}

static void release_shared(struct shared_list *shared)
{
	if (!shared || --shared->refs)
		return;
	*shared->link = shared->next;
	if (shared->next)
		shared->next->link = shared->link;
	directory_list_free(shared->list);
	free(shared);
}

/* --- scans --------------------------------------------------------------------------- */

static void begin_scans(void);

/*
 * Wakes all waiting requests. Each gets a reference to the list or, if shared is NULL, `error`
 * with a reason for the log.
 */
static void wake_readings(struct scan *scan, struct shared_list *shared, int error, const char *why)
{
	struct directory_reading *next;

	for (struct directory_reading *reading = scan->readings; reading; reading = next) {
		next = reading->next_of_scan;
		reading->scan = NULL;
		reading->failure.error = error;
		reading->failure.refusal = pool_strdup(reading->pool, str_from(why));
		reading->shared = shared;
		if (shared)
			shared->refs++;
		wakeup_fire(reading->wakeup);
	}
	scan->readings = NULL;
}

/* The directory was opened; the scan begins again before those that wait. */
static void on_opened(struct file_question *question, const struct file_answer *answer)
{
	struct scan *scan = (struct scan *)((char *)question - offsetof(struct scan, question));

	if (answer->error < 0) {
		wake_readings(scan, NULL, answer->error == -EAGAIN ? ENOTDIR : -answer->error,
			      answer->why);
		free(scan);
		return;
	}
	if (!scan->readings) {
		close(answer->fd);
		free(scan);
		return;
	}
	scan->fd = answer->fd;
	scan->has_begun = false;
	scan->next = scans.first;
	if (!scans.first)
		scans.end = &scan->next;
	scans.first = scan;
	begin_scans();
}

/* False: the opener would not help. */
static bool ask_opener(struct scan *scan)
{
	const struct file_opener *opener = file_opener();

	if (!opener || !opener->opens_forbidden || scan->was_asked || !scan->list ||
	    scan->list->pub.error != EACCES || file_query_refusal(&scan->key.query))
		return false;
	scan->was_asked = true;
	scan->question = (struct file_question){
		.query = scan->key.query,
		.device = scan->list->device,
		.kind = FILE_OPEN_DIRECTORY,
		.answered = on_opened,
	};
	directory_list_free(scan->list);
	release_shared(scan->previous);
	scan->list = NULL;
	scan->previous = NULL;
	opener->ask(&scan->question);
	return true;
}

/* On the loop's thread. */
static void finish(struct completion *completion)
{
	struct scan *scan = (struct scan *)completion;
	int error = scan->list ? scan->list->pub.error : ENOMEM;

	for (int i = 0; i < SCANS_AT_ONCE; i++)
		if (scans.begun[i] == scan)
			scans.begun[i] = NULL;
	if (ask_opener(scan)) {
		begin_scans();
		return;
	}

	struct shared_list *shared = scan->previous;

	if (scan->fd >= 0)
		close(scan->fd);
	if (scan->is_same || error) {
		directory_list_free(scan->list);
	} else {
		release_shared(scan->previous);
		shared = share(scan->list, &scan->key);
		error = shared ? 0 : ENOMEM;
	}
	wake_readings(scan, error ? NULL : shared, error, "");
	release_shared(shared);
	free(scan);
	begin_scans();
}

static void work(void *data)
{
	struct scan *scan = data;
	const struct directory_list *previous = scan->previous ? scan->previous->list : NULL;

	scan->list = directory_scan(&scan->key.query, scan->fd, scan->key.order, &scan->stop,
				    previous, &scan->is_same);
	scan->fd = -1;
	completion_post(&scan->done);
}

/*
 * Takes the first scan from the queue that may begin. Directories on slow file systems are read one
 * at a time, so that one that does not answer does not stop all scans.
 */
static struct scan *take_next(void)
{
	struct scan **link = &scans.first;
	bool is_slow = false;

	for (int i = 0; i < SCANS_AT_ONCE; i++)
		is_slow = is_slow || (scans.begun[i] && scans.begun[i]->is_slow);
	while (*link && (*link)->is_slow && is_slow)
		link = &(*link)->next;

	struct scan *scan = *link;

	if (!scan)
		return NULL;
	*link = scan->next;
	if (!*link)
		scans.end = link;
	return scan;
}

static void begin_scans(void)
{
	for (int i = 0; i < SCANS_AT_ONCE; i++) {
		struct scan *scan = scans.begun[i] ? NULL : take_next();

		if (!scan)
			continue;
		scans.begun[i] = scan;
		scan->has_begun = true;
		scan->previous = find_shared(&scan->key);
		/* No thread could be started: finish() tells the waiting requests. */
		if (thread_run(work, scan) < 0)
			completion_post(&scan->done);
	}
}

/*
 * A scan of this directory that has not begun, and whose directory was not opened yet, so that it
 * is not older than this request. NULL: no memory.
 */
static struct scan *find_scan(const struct scan_key *key)
{
	struct scan *scan = scans.first;
	struct scan_key copy;
	dev_t device;

	while (scan && (scan->fd >= 0 || !is_same_key(&scan->key, key)))
		scan = scan->next;
	if (scan)
		return scan;
	scan = alloc_with_path(sizeof(*scan), key, &copy);
	if (!scan)
		return NULL;
	scan->done.run = finish;
	scan->fd = -1;
	scan->key = copy;
	scan->is_slow = mounts_may_wait(copy.query.path, &device);
	*scans.end = scan;
	scans.end = &scan->next;
	return scan;
}

static void drop_queued(struct scan *scan)
{
	struct scan **link = &scans.first;

	while (*link != scan)
		link = &(*link)->next;
	*link = scan->next;
	if (!*link)
		scans.end = link;
	if (scan->fd >= 0)
		close(scan->fd);
	free(scan);
}

/* --- what requests ask for ------------------------------------------------------------ */

/* Called when the request has ended, or has waited for SCAN_MS. */
static void on_cancel(void *data)
{
	struct directory_reading *reading = data;
	struct scan *scan = reading->scan;

	*reading->link = reading->next_of_scan;
	if (reading->next_of_scan)
		reading->next_of_scan->link = reading->link;
	reading->scan = NULL;
	wakeup_fire(reading->wakeup);
	if (scan->readings)
		return;
	if (scan->has_begun)
		atomic_store(&scan->stop, true);
	else
		drop_queued(scan);
}

static void release_reading(void *data)
{
	release_shared(((struct directory_reading *)data)->shared);
}

static struct directory_reading *find_reading(struct request *req, const struct scan_key *key)
{
	struct directory_reading *reading = request_core(req)->directories;

	while (reading && !is_same_key(&reading->key, key))
		reading = reading->next_of_request;
	return reading;
}

static verdict begin(struct request *req, const struct scan_key *key, const struct directory **out)
{
	struct directory_reading *reading = pool_new(req->pool, struct directory_reading);
	struct scan *scan = find_scan(key);

	reading->key = *key;
	reading->pool = req->pool;
	reading->next_of_request = request_core(req)->directories;
	request_core(req)->directories = reading;
	if (!scan) {
		reading->failure.error = ENOMEM;
		*out = &reading->failure;
		return PASS;
	}
	reading->scan = scan;
	reading->next_of_scan = scan->readings;
	reading->link = &scan->readings;
	if (scan->readings)
		scan->readings->link = &reading->next_of_scan;
	scan->readings = reading;
	pool_cleanup(req->pool, release_reading, reading);
	reading->wakeup = request_wait_for(req, SCAN_MS, on_cancel, reading);
	begin_scans();
	return WAIT;
}

verdict directory_read(struct request *req, struct str path, enum directory_order order,
		       const struct directory **out)
{
	struct scan_key key = { request_file_query(req, path), order };
	struct directory_reading *reading = find_reading(req, &key);

	if (!reading)
		return begin(req, &key, out);
	if (!reading->shared && reading->failure.error == 0)
		reading->failure.error = ETIMEDOUT;
	*out = reading->shared ? &reading->shared->list->pub : &reading->failure;
	return PASS;
}

verdict directory_refuse(struct request *req, struct str path, const struct directory *directory)
{
	int error = directory->error;

	if (error == EFBIG)
		request_log(req, LEVEL_CRIT, 0,
			    "the directory \"%.*s\" is not listed: its names need more than %d MiB",
			    STR_ARG(path), DIRECTORY_BYTES >> 20);
	else if (error == ENOMEM)
		request_log(req, LEVEL_CRIT, 0,
			    "the directory \"%.*s\" is not listed now: there is no memory, or the "
			    "directories that are being sent need %d MiB already",
			    STR_ARG(path), DIRECTORIES_BYTES >> 20);
	else
		request_log(req, LEVEL_ERROR, error, "the directory \"%.*s\" cannot be read%s%.*s",
			    STR_ARG(path), directory->refusal.len ? ": " : "",
			    STR_ARG(directory->refusal));
	return status_from_errno(error);
}
