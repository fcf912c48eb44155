/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work on threads, and completions that come back to the loop.
 */
#include "harness/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "event/complete.h"
#include "event/loop.h"
#include "event/threads.h"
#include <thread.h>

enum { COUNT = 1000 };

static struct item {
	struct completion completion;
	pthread_t worked_on;
	int runs;
} items[COUNT];
static int done;
static pthread_t loop_thread;

static void finished(struct completion *completion)
{
	struct item *item = (struct item *)completion;

	ck_assert(pthread_equal(pthread_self(), loop_thread));
	item->runs++;
	done++;
}

static void work(void *data)
{
	struct item *item = data;

	item->worked_on = pthread_self();
	completion_post(&item->completion);
}

static void setup(void)
{
	loop_thread = pthread_self();
	ck_assert_int_eq(loop_start(), 0);
	ck_assert_int_eq(completion_start(), 0);
	ck_assert_int_eq(completion_start(), 0);
	done = 0;
	for (int i = 0; i < COUNT; i++)
		items[i] = (struct item){ .completion.run = finished };
}

static void teardown(void)
{
	threads_finish();
	completion_finish();
	loop_finish();
}

START_TEST(every_work_completes_once)
{
	for (int i = 0; i < COUNT; i++)
		ck_assert_int_eq(thread_run(work, &items[i]), 0);
	while (done < COUNT)
		loop_turn(-1);
	for (int i = 0; i < COUNT; i++) {
		ck_assert_int_eq(items[i].runs, 1);
		ck_assert(!pthread_equal(items[i].worked_on, loop_thread));
	}
}
END_TEST

START_TEST(the_loop_may_post_to_itself)
{
	completion_post(&items[0].completion);
	completion_post(&items[1].completion);
	loop_turn(0);
	ck_assert_int_eq(done, 2);
	loop_turn(0);
	ck_assert_int_eq(done, 2);
}
END_TEST

static void do_nothing(struct job *job)
{
	(void)job;
}

START_TEST(the_loop_has_time_once_a_turn_if_nothing_waits)
{
	struct job job = { .run = do_nothing };

	loop_turn(0);
	ck_assert(thread_loop_has_time());
	ck_assert(!thread_loop_has_time());
	loop_turn(0);
	job_queue(&job, STAGE_RESPOND);
	ck_assert(!thread_loop_has_time());
	loop_turn(0);
	ck_assert(thread_loop_has_time());
}
END_TEST

START_TEST(finishing_runs_what_is_queued_and_drops_what_comes)
{
	completion_post(&items[0].completion);
	threads_finish();
	completion_finish();
	ck_assert_int_eq(done, 1);
	completion_post(&items[1].completion);
	ck_assert_int_eq(completion_start(), 0);
	loop_turn(0);
	ck_assert_int_eq(done, 1);

	ck_assert_int_eq(thread_run(work, &items[2]), 0);
	while (done == 1)
		loop_turn(-1);
	ck_assert_int_eq(items[2].runs, 1);
}
END_TEST

static _Thread_local bool stalls; /* the next write to an eventfd by this thread */
static atomic_bool is_stalled, goes_on;

/* In place of that of the library. */
ssize_t write(int fd, const void *bytes, size_t len)
{
	if (stalls && len == sizeof(uint64_t)) {
		stalls = false;
		is_stalled = true;
		while (!goes_on)
			usleep(100);
	}
	return syscall(SYS_write, fd, bytes, len);
}

static void *post_slowly(void *item)
{
	stalls = true;
	completion_post(item);
	return NULL;
}

/* A thread of low priority may lose its processor when it is about to wake the loop. */
START_TEST(a_thread_that_stalls_keeps_nobody_waiting)
{
	pthread_t slow;

	ck_assert_int_eq(pthread_create(&slow, NULL, post_slowly, &items[0].completion), 0);
	while (!is_stalled)
		usleep(100);
	completion_post(&items[1].completion);
	for (int i = 0; i < 100 && done < 2; i++)
		loop_turn(10);
	ck_assert_int_eq(done, 2);

	/* What it writes late is for a turn that is over. */
	goes_on = true;
	pthread_join(slow, NULL);
	completion_post(&items[2].completion);
	completion_post(&items[3].completion);
	for (int i = 0; i < 100 && done < 4; i++)
		loop_turn(10);
	ck_assert_int_eq(done, 4);
}
END_TEST

static int begun, finished_count;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void begin(void *data)
{
	(void)data;
	pthread_mutex_lock(&gate);
	begun++;
	pthread_mutex_unlock(&gate);
}

static void count_finished(void *data)
{
	(void)data;
	ck_assert(pthread_equal(pthread_self(), loop_thread));
	finished_count++;
}

START_TEST(a_pool_comes_back_to_the_loop)
{
	static struct thread_pool pool = { .max_threads = 2 };

	for (int i = 0; i < COUNT; i++)
		ck_assert_int_eq(thread_pool_run(&pool, begin, count_finished, NULL), 0);
	while (finished_count < COUNT)
		loop_turn(-1);
	ck_assert_int_eq(begun, COUNT);
}
END_TEST

static pthread_barrier_t two_work;
static atomic_int met;
static pid_t threads[2], worker;

static void meet(void *unused)
{
	(void)unused;
	threads[atomic_fetch_add(&met, 1)] = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&two_work);
}

static void note_worker(void *unused)
{
	(void)unused;
	worker = (pid_t)syscall(SYS_gettid);
}

/* Until the thread has nothing more to do. */
static void wait_asleep(pid_t thread)
{
	char path[64], state = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)thread);
	while (state != 'S') {
		FILE *file = fopen(path, "r");

		ck_assert_ptr_nonnull(file);
		ck_assert_int_eq(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
		fclose(file);
		usleep(100);
	}
}

static void run_in(struct thread_pool *pool, void (*run)(void *data), int times)
{
	int before = finished_count;

	for (int i = 0; i < times; i++)
		ck_assert_int_eq(thread_pool_run(pool, run, count_finished, NULL), 0);
	while (finished_count < before + times)
		loop_turn(-1);
}

START_TEST(the_thread_that_has_worked_last_works_again)
{
	static struct thread_pool pool = { .max_threads = 2 };
	pid_t first = 0;

	pthread_barrier_init(&two_work, NULL, 2);
	run_in(&pool, meet, 2);
	wait_asleep(threads[0]);
	wait_asleep(threads[1]);
	for (int i = 0; i < 6; i++) {
		run_in(&pool, note_worker, 1);
		wait_asleep(worker);
		first = first ? first : worker;
		ck_assert_int_eq(worker, first);
	}
}
END_TEST

START_TEST(work_of_a_pool_is_finished_when_the_process_stops)
{
	static struct thread_pool pool = { .max_threads = 1 };

	pthread_mutex_lock(&gate);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(thread_pool_run(&pool, begin, count_finished, NULL), 0);
	pthread_mutex_unlock(&gate);
	threads_finish();
	completion_finish();
	ck_assert_int_eq(finished_count, 3);
	ck_assert_int_le(begun, 3);
}
END_TEST

TESTS_IN((&(struct test_suite){ "threads", .setup = setup, .teardown = teardown }),
	 every_work_completes_once, the_loop_may_post_to_itself,
	 the_loop_has_time_once_a_turn_if_nothing_waits,
	 a_thread_that_stalls_keeps_nobody_waiting,
	 finishing_runs_what_is_queued_and_drops_what_comes, a_pool_comes_back_to_the_loop,
	 the_thread_that_has_worked_last_works_again,
	 work_of_a_pool_is_finished_when_the_process_stops)
