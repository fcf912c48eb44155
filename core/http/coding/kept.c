/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kept form is an attachment of a file version (file.h), and its bytes count towards the limit
 * of the file cache. A job makes it:
 *
 *     kept_find()     on the loop: finds the form, or queues a job for it; the request waits
 *       work()        on a thread: reads and encodes the file, and fires the tokens of all requests
 *                     that wait for it
 *       next_job()    on the loop: gives the next job in the queue to a thread
 *     kept_find()     on the loop: the requests find the form
 *
 * Short files come before long ones, but every ninth job is the one that has waited longest. Very
 * short files are encoded at once, on the loop, because the way to a thread and back costs as much.
 *
 * Only one thread works at a time, so many first requests need at most one thread, one encoder and
 * one file in memory. The thread works on its own copy of the bytes or of the descriptor, which it
 * gets when the job begins. So the file and the requests may end meanwhile. The attachment, and the
 * queue or the thread, each hold a reference to the form; the last reference frees it.
 *
 * A large file on a slow file system is read into memory before its job is queued (slow_read.h).
 * INPUT_MAX bytes of such files are in memory at most. Responses with further ones are encoded
 * while they are sent, and nothing is kept of them.
 */
#include "http/coding/kept.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exact.h"
#include "event/complete.h"
#include "file/cache.h"
#include "file/stamp.h"
#include "http/coding/coding.h"
#include "http/coding/slow_read.h"
#include "http/coding/whole.h"

enum {
	INPUT_MAX = 8 << 20, /* larger files are encoded while they are sent */
	RETRY_MS = 2000, /* how long after an error the next request tries again */
	JOBS_MAX = 16384, /* jobs in the queue at most */
	OVERTAKEN_MAX = 8, /* jobs that come before the oldest one at most */

	/*
	 * What is encoded on the loop. Measured at the usual levels: gzip needs 18 us for 2 KiB and
	 * 75 us for 4 KiB, br 59 and 161, zstd 42 and 50. The way to a thread and back adds 14 to
	 * 22 us.
	 */
	INLINE_MAX = 2048,
	INLINE_LEVEL_MAX = 6,
};

/* The queue has a list for each range of lengths, of which these are the ends. */
static const size_t ranges[] = { 16 << 10, 128 << 10, 1 << 20, INPUT_MAX };
enum { RANGES = sizeof(ranges) / sizeof(ranges[0]) };

struct waiter {
	struct wakeup *wakeup;
	struct waiter *next;
};

struct kept {
	atomic_int refs; /* of the attachment, and of the queue or the thread */
	const struct coding *coding;
	int level;
	struct file *file; /* it is attached to; NULL: no longer. For the loop's thread only */

	/* The input, from the beginning of the job on. */
	struct file_stamp version;
	int fd; /* -1: the bytes are in memory */
	char *in;
	size_t in_len; /* from the first moment on */
	size_t slow_len; /* counted in slow_bytes until release_input() */
	struct kept *next; /* in the queue */
	uint64_t number; /* of the job: later ones have greater numbers */

	/* Protected by the lock until the job is done; then for the loop's thread only. */
	struct waiter *waiters;
	bool is_done;
	enum kept_state state;
	char *out;
	size_t out_len;

	bool is_counted; /* the cache counts out_len bytes for it */
	int64_t retry_ms; /* KEPT_NONE, once it is counted: when it is tried again */
};

/* Of the inputs on slow file systems that are being read, or wait to be encoded. */
static atomic_size_t slow_bytes;

static void next_job(struct completion *unused);

static struct {
	pthread_mutex_t lock; /* for the members that struct kept names */
	struct kept *first[RANGES]; /* the queue: jobs that have not begun, the oldest first */
	struct kept *last[RANGES]; /* valid where there is a first one */
	int count;
	unsigned overtaken; /* jobs that were begun before the oldest one */
	uint64_t numbers; /* jobs so far */
	bool is_working; /* a thread has a job */
	struct completion worked;
} jobs = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.worked.run = next_job,
};

static void release_input(struct kept *kept)
{
	if (kept->fd >= 0)
		close(kept->fd);
	kept->fd = -1;
	free(kept->in);
	kept->in = NULL;
	atomic_fetch_sub(&slow_bytes, kept->slow_len);
	kept->slow_len = 0;
}

static void unref(struct kept *kept)
{
	if (atomic_fetch_sub(&kept->refs, 1) > 1)
		return;
	release_input(kept);
	free(kept->out);
	free(kept);
}

/* Ends a job, successful or not: wakes the requests that wait for the form. On any thread. */
static void finish(struct kept *kept, enum kept_state state)
{
	release_input(kept);
	pthread_mutex_lock(&jobs.lock);
	struct waiter *waiters = kept->waiters;
	kept->waiters = NULL;
	kept->state = state;
	kept->is_done = true;
	pthread_mutex_unlock(&jobs.lock);
	while (waiters) {
		struct waiter *waiter = waiters;

		waiters = waiter->next;
		wakeup_fire(waiter->wakeup);
		free(waiter);
	}
	unref(kept);
}

/* --- on the thread -------------------------------------------------------------- */

/* Reads the whole file. False if it is another version of the file before or after reading. */
static bool read_all(struct kept *kept)
{
	kept->in = malloc(kept->in_len ? kept->in_len : 1);
	return kept->in && stamp_fits(&kept->version, kept->fd) &&
	       read_exactly(kept->fd, kept->in, 0, kept->in_len) == 0 &&
	       stamp_fits(&kept->version, kept->fd);
}

static enum kept_state encode(struct kept *kept)
{
	struct str out;
	int result = encode_whole(kept->coding, kept->level, (struct str){ kept->in, kept->in_len },
				  &out);

	if (result != 1)
		return result == 0 ? KEPT_USELESS : KEPT_NONE;
	kept->out = (char *)out.data;
	kept->out_len = out.len;
	return KEPT_THERE;
}

static void work(void *data)
{
	struct kept *kept = data;
	enum kept_state state = KEPT_NONE;

	if (kept->fd < 0 || read_all(kept))
		state = encode(kept);
	finish(kept, state);
	completion_post(&jobs.worked);
}

/* --- on the loop ----------------------------------------------------------------- */

/* Gives the job its input. False: no memory, no free descriptor, or the file is gone. */
static bool prepare(struct kept *kept)
{
	const struct file *file = kept->file;

	if (!file)
		return false;
	if (kept->in)
		return true;
	if (file->content.data) {
		kept->in = malloc(kept->in_len + 1);
		if (kept->in)
			memcpy(kept->in, file->content.data, kept->in_len);
		return kept->in != NULL;
	}
	kept->version = *file_stamp(file);
	kept->fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	return kept->fd >= 0;
}

/* Takes the next job from the queue; NULL: it is empty. */
static struct kept *take_next(void)
{
	int shortest = -1, oldest = -1;

	for (int i = 0; i < RANGES; i++) {
		if (!jobs.first[i])
			continue;
		if (shortest < 0)
			shortest = i;
		if (oldest < 0 || jobs.first[i]->number < jobs.first[oldest]->number)
			oldest = i;
	}
	if (shortest < 0)
		return NULL;
	int range = jobs.overtaken < OVERTAKEN_MAX ? shortest : oldest;
	jobs.overtaken = range == oldest ? 0 : jobs.overtaken + 1;
	struct kept *kept = jobs.first[range];
	jobs.first[range] = kept->next;
	jobs.count--;
	return kept;
}

/* Gives the next job that can begin to the thread, if the thread has none. */
static void next_job(struct completion *unused)
{
	struct kept *kept;

	(void)unused;
	jobs.is_working = false;
	while (!jobs.is_working && (kept = take_next())) {
		jobs.is_working = prepare(kept) && thread_run(work, kept) == 0;
		if (!jobs.is_working)
			finish(kept, KEPT_NONE);
	}
}

static void queue(struct kept *kept)
{
	int range = 0;

	while (kept->in_len > ranges[range])
		range++;
	kept->next = NULL;
	kept->number = jobs.numbers++;
	*(jobs.first[range] ? &jobs.last[range]->next : &jobs.first[range]) = kept;
	jobs.last[range] = kept;
	jobs.count++;
	if (!jobs.is_working) {
		completion_start();
		next_job(NULL);
	}
}

static void wait_for(struct request *req, struct kept *kept)
{
	struct waiter *waiter = heap_alloc(sizeof(*waiter));

	*waiter = (struct waiter){ request_wait(req, NULL, NULL), kept->waiters };
	kept->waiters = waiter;
}

static void on_read(void *data, char *bytes)
{
	struct kept *kept = data;

	kept->in = bytes;
	if (bytes && kept->file)
		queue(kept);
	else
		finish(kept, KEPT_NONE);
}

static bool may_begin(const struct file *file)
{
	return file->size <= INPUT_MAX && jobs.count < JOBS_MAX &&
	       (!slow_is(file) || atomic_load(&slow_bytes) + file->size <= INPUT_MAX);
}

/* Begins a job for which this request waits. */
static void begin(struct request *req, struct kept *kept)
{
	wait_for(req, kept);
	atomic_fetch_add(&kept->refs, 1);
	if (!slow_is(kept->file)) {
		queue(kept);
		return;
	}
	kept->slow_len = kept->in_len;
	atomic_fetch_add(&slow_bytes, kept->slow_len);
	slow_read(req, kept->file, on_read, kept);
}

/* Encodes a very short file at once. False: it is not one. */
static bool encode_inline(struct kept *kept)
{
	const struct file *file = kept->file;

	if (!file->content.data || file->size > INLINE_MAX || kept->level > INLINE_LEVEL_MAX)
		return false;
	kept->in = (char *)file->content.data;
	kept->state = encode(kept);
	kept->in = NULL;
	kept->is_done = true;
	return true;
}

/* The cache drops the file version. No request waits for the form: it would hold the file. */
static void detach(void *data)
{
	struct kept *kept = data;

	kept->file = NULL;
	unref(kept);
}

/* An error such as a lack of descriptors, or a disk that did not answer, may be over. */
static bool is_due_again(const struct kept *kept)
{
	return kept->is_counted && kept->state == KEPT_NONE && clock_ms() >= kept->retry_ms;
}

enum kept_state kept_find(struct request *req, struct file *file, const struct coding *coding,
			  int level, struct str *out)
{
	uint64_t key = (uint64_t)(uintptr_t)coding << 8 | (unsigned)level;
	struct kept *kept = file_attached(file, &compress_module, key);
	enum kept_state state = KEPT_WAIT;

	if (!kept) {
		if (!may_begin(file))
			return KEPT_NONE;
		kept = heap_alloc(sizeof(*kept));
		*kept = (struct kept){
			.refs = 1,
			.coding = coding,
			.level = level,
			.file = file,
			.fd = -1,
			.in_len = (size_t)file->size,
		};
		bool is_done = encode_inline(kept);
		file_attach(file, &compress_module, key, kept, sizeof(*kept), detach);
		if (!is_done) {
			begin(req, kept);
			return KEPT_WAIT;
		}
	}
	if (is_due_again(kept) && may_begin(file)) {
		kept->is_done = kept->is_counted = false;
		begin(req, kept);
		return KEPT_WAIT;
	}

	pthread_mutex_lock(&jobs.lock);
	if (kept->is_done)
		state = kept->state;
	else
		wait_for(req, kept);
	pthread_mutex_unlock(&jobs.lock);
	*out = (struct str){ kept->out, kept->out_len };
	if (state != KEPT_WAIT && !kept->is_counted) {
		kept->is_counted = true;
		kept->retry_ms = clock_ms() + RETRY_MS;
		if (state == KEPT_THERE)
			counter_add(&compress_module, COMPRESS_MADE, 1);
		file_attachment_resize(file, &compress_module, key, sizeof(*kept) + kept->out_len);
	}
	return state;
}

size_t kept_length(const struct file *file, const struct coding *coding, int level)
{
	uint64_t key = (uint64_t)(uintptr_t)coding << 8 | (unsigned)level;
	struct kept *kept = file_attached(file, &compress_module, key);

	return kept && kept->is_counted ? kept->out_len : 0;
}

bool kept_drop(struct file *file, const struct coding *coding, int level)
{
	uint64_t key = (uint64_t)(uintptr_t)coding << 8 | (unsigned)level;

	return kept_length(file, coding, level) == 0 ||
	       file_detach_idle(file, &compress_module, key);
}

void kept_stop(void)
{
	struct kept *kept;

	while ((kept = take_next()))
		finish(kept, KEPT_NONE);
	jobs.is_working = false;
}
