/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How other threads reach the loop: they post a completion, and the loop's
 * thread runs it in step 2 of its next turn. The queue is a list under a mutex,
 * an eventfd wakes the loop. This is all that threads may touch of the loop.
 */
#ifndef SKUA_EVENT_COMPLETE_H
#define SKUA_EVENT_COMPLETE_H

/*
 * Lies in its owner's memory and belongs to the queue from completion_post()
 * until run() is called; run() may free it.
 *
 * run() is called in step 2, while requests are still being received: it should
 * queue a job (loop.h) that does the work in step 3. Otherwise a file would be looked
 * at before later requests of this turn arrived, and they would get an old version.
 */
struct completion {
	void (*run)(struct completion *completion);
	struct completion *next; /* in the queue */
};

/*
 * Makes the queue ready in this process, once loop_start() has run; call it on
 * the loop's thread before anybody gets a completion to post. Further calls do
 * nothing. 0 or -errno.
 */
int completion_start(void);

/* From any thread. The order in which one thread posts is kept. */
void completion_post(struct completion *completion);

/* Call it before loop_finish(). Runs what is queued; what is posted later is dropped. */
void completion_finish(void);

#endif
