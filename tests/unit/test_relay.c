/* SPDX-License-Identifier: BSD-2-Clause */
/* What workers give away, in the master: who gets it, and how much of it. */
#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stats/stats.h"
#include "event/loop.h"
#include "net/listener.h"
#include "process/server/generation.h"
#include "process/ipc/inbox.h"
#include "process/server/main_conf.h"
#include "process/handoff/receiver.h"
#include "process/handoff/orphans.h"
#include "process/handoff/relay.h"
#include "process/server/table.h"

static const struct events_conf events = { .worker_connections = 1000 };
static struct listener items[] = { { .id = 3 }, { .id = 9 } };
static struct listeners listeners = { .items = items, .count = 2 };
static struct generation old = { .events = &events, .listeners = &listeners };
static struct generation new = { .events = &events, .listeners = &listeners };
static struct generation *serving;
static struct process *giver, *first, *second; /* of the old one; of the new one */
static int worker; /* the other end of the giver's channel */

static struct generation *active(void)
{
	return serving;
}

static struct process *add(struct generation *generation, enum process_state state)
{
	struct process *process;

	ck_assert_int_eq(table_add(PROCESS_WORKER, generation, 0, &process), 0);
	process->state = state;
	process->pid = 1;
	return process;
}

static void begin(void)
{
	int ends[2];

	ck_assert_int_eq(table_start(), 0);
	relay_init(active, orphans_keep);
	serving = &new;
	giver = add(&old, PROCESS_RETIRING);
	first = add(&new, PROCESS_RUNNING);
	second = add(&new, PROCESS_RUNNING);
	ck_assert_int_eq(channel_pair(ends), 0);
	giver->channel.fd = ends[0];
	worker = ends[1];
}

static int open_null(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void give(int to, unsigned count)
{
	static struct batch batch;

	for (unsigned i = 0; i < count; i++)
		ck_assert(batch_add(&batch, &(struct passed_conn){ .fd = open_null(),
								   .listener = 9 }));
	ck_assert_int_eq(batch_send(&batch, to), 0);
}

static void take(const struct passed_conn *conn)
{
	ck_assert_uint_eq(conn->listener, 9);
	close(conn->fd);
}

static unsigned received(const struct process *process)
{
	return inbox_receive(process->inbox[0], 100, take);
}

/* What the worker was told last; 0: nothing. */
static unsigned told(struct message *message)
{
	int result = channel_receive(worker, message);

	ck_assert(result == 1 || result == -EAGAIN);
	return result == 1 ? message->type : 0;
}

START_TEST(one_that_ends_hears_whose_connections_are_taken)
{
	struct message message;
	uint32_t ids[2];

	begin();
	ck_assert_int_eq(relay_send_listeners(giver), 0);
	ck_assert_uint_eq(told(&message), MESSAGE_LISTENERS);
	ck_assert_uint_eq(message.payload.len, sizeof(ids));
	memcpy(ids, message.payload.data, sizeof(ids));
	ck_assert_uint_eq(ids[0], 3);
	ck_assert_uint_eq(ids[1], 9);
	serving = NULL;
	ck_assert_int_eq(relay_send_listeners(giver), 0);
	ck_assert_uint_eq(told(&message), MESSAGE_LISTENERS);
	ck_assert_uint_eq(message.payload.len, 0);
}
END_TEST

START_TEST(it_is_asked_for_what_has_room)
{
	struct message message;

	begin();
	stats_set(&first->stats->active, 1000);
	stats_set(&second->stats->active, 990);
	relay_expect(giver);
	ck_assert_uint_eq(told(&message), MESSAGE_GIVE);
	ck_assert_uint_eq(message.number, 10);
	relay_expect(giver);
	ck_assert_uint_eq(told(&message), 0);
	give(worker, 4);
	ck_assert_int_eq(relay_take(giver), 1);
	ck_assert_uint_eq(received(second), 4);
	/* It has taken them, and some of its own have ended. */
	stats_set(&second->stats->taken, 4);
	stats_set(&second->stats->active, 900);
	relay_expect(giver);
	ck_assert_uint_eq(told(&message), MESSAGE_GIVE);
	ck_assert_uint_eq(message.number, 100 - 6);
}
END_TEST

START_TEST(nobody_gives_more_than_it_was_asked_for)
{
	begin();
	unsigned before = open_descriptors();
	relay_expect(giver);
	giver->granted = 3;
	give(worker, 4);
	ck_assert_int_eq(relay_take(giver), -EPROTO);
	give(worker, 3);
	ck_assert_int_eq(relay_take(giver), 1);
	/* It was asked for more at once. */
	giver->granted = 0;
	give(worker, 1);
	ck_assert_int_eq(relay_take(giver), -EPROTO);
	ck_assert_int_eq(channel_send(worker, MESSAGE_CONNECTIONS, 0, STR(""), NULL, 0), 0);
	ck_assert_int_eq(relay_take(giver), -EPROTO);
	ck_assert_uint_eq(received(first) + received(second), 3);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(what_is_kept_may_not_be_given)
{
	begin();
	giver->state = PROCESS_RUNNING;
	ck_assert(relay_request(giver, 5));
	ck_assert(!relay_request(giver, 5));
	relay_kept(giver, 3);
	ck_assert_uint_eq(giver->granted, 2);
	relay_kept(giver, 300);
	ck_assert_uint_eq(giver->granted, 0);
	ck_assert(relay_request(giver, 5));
}
END_TEST

START_TEST(one_that_serves_gives_to_its_like)
{
	struct process *other;

	begin();
	giver->state = PROCESS_RUNNING;
	other = add(&old, PROCESS_RUNNING);
	ck_assert_ptr_eq(relay_lightest(giver)->stats, other->stats);
	ck_assert(relay_request(giver, 2));
	give(worker, 2);
	ck_assert_int_eq(relay_take(giver), 1);
	ck_assert_uint_eq(received(other), 2);
	ck_assert_uint_eq(stats_get(&other->stats->dealt), 2);
}
END_TEST

START_TEST(without_successors_it_gets_it_back)
{
	begin();
	serving = NULL;
	giver->granted = 2;
	give(worker, 2);
	ck_assert_int_eq(relay_take(giver), 1);
	ck_assert_uint_eq(received(giver), 2);
}
END_TEST

START_TEST(what_was_left_behind_is_passed_on)
{
	int ends[2];

	begin();
	ck_assert_int_eq(channel_pair(ends), 0);
	give(ends[0], 2);
	give(ends[0], 1);
	give(ends[0], 1);
	ck_assert_int_eq(relay_pass_orphan(ends[1], 3), 2);
	ck_assert_int_eq(relay_pass_orphan(ends[1], 1), 1);
	ck_assert_int_eq(relay_pass_orphan(ends[1], 0), -EPROTO);
	ck_assert_int_eq(relay_pass_orphan(ends[1], 0), 0);
	ck_assert_uint_eq(received(first) + received(second), 3);
}
END_TEST

static void fill(struct process *process)
{
	static char payload[CHANNEL_PAYLOAD];

	while (channel_send(process->inbox[1], MESSAGE_CONNECTIONS, 0,
			    (struct str){ payload, sizeof(payload) }, NULL, 0) == 0)
		;
}

static bool add_limit(void *data, int inbox, uint32_t limit)
{
	unsigned *sum = data;

	ck_assert_int_ge(inbox, 0);
	*sum += limit;
	return true;
}

START_TEST(what_finds_no_place_is_kept)
{
	int ends[2];
	unsigned limits = 0;

	begin();
	ck_assert_int_eq(loop_start(), 0);
	fill(first);
	fill(second);
	ck_assert_int_eq(channel_pair(ends), 0);
	unsigned before = open_descriptors();
	give(ends[0], 2);
	give(ends[0], 1);
	ck_assert_int_eq(relay_pass_orphan(ends[1], 3), 2);
	ck_assert_int_eq(relay_pass_orphan(ends[1], 1), 1);
	ck_assert_int_eq(relay_pass_orphan(ends[1], 0), 0);
	ck_assert(orphans_are_left());
	ck_assert_uint_eq(open_descriptors(), before + 3);
	/* An upgrade takes them along as sockets, with as many connections as they hold. */
	ck_assert(orphans_for_each(add_limit, &limits));
	ck_assert_uint_eq(limits, 3);
	ck_assert_uint_eq(open_descriptors(), before + 2);
	received(first);
	for (int i = 0; i < 100 && orphans_are_left(); i++)
		loop_turn(100);
	ck_assert(!orphans_are_left());
	ck_assert_uint_eq(received(first), 3);
	ck_assert_uint_eq(open_descriptors(), before);
	loop_finish();
}
END_TEST

/* From now on this process is killed by the system call. */
static void die_in(int call)
{
	const struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(steps) / sizeof(steps[0]), (void *)steps };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(0);
}

static unsigned count_messages(int fd)
{
	struct message message;
	unsigned count = 0;

	for (; channel_receive(fd, &message) == 1; count++)
		message_discard(&message);
	return count;
}

/*
 * The message may hold the keys of connections. Wherever the master is killed, the message does not
 * lie both in the socket of the giver and in the inbox of a worker.
 */
START_TEST(a_master_that_is_killed_leaves_no_two_copies)
{
	static const int calls[] = { SYS_recvmsg, SYS_recvfrom, SYS_sendmsg, SYS_close, -1 };
	unsigned copies = 0;

	begin();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int ends[2], status;

		ck_assert_int_eq(channel_pair(ends), 0);
		give(ends[0], 1);

		pid_t pid = fork();

		if (pid == 0) {
			die_in(calls[i]);
			relay_pass_orphan(ends[1], 1);
			syscall(SYS_exit_group, 0);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(calls[i] == -1 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS));
		copies = count_messages(ends[1]) + count_messages(first->inbox[0]) +
			 count_messages(second->inbox[0]);
		ck_assert_msg(copies <= 1, "%u copies, killed in call %d", copies, calls[i]);
	}
	ck_assert_uint_eq(copies, 1); /* nothing was killed */
}
END_TEST

/* Its reader could put descriptors there that nobody takes out. */
START_TEST(an_inbox_goes_one_way)
{
	begin();
	ck_assert_int_eq(channel_send(first->inbox[0], MESSAGE_READY, 0, STR(""), NULL, 0), -EPIPE);
	give(first->inbox[1], 1);
	ck_assert_uint_eq(received(first), 1);
}
END_TEST

TESTS("relay", one_that_ends_hears_whose_connections_are_taken, it_is_asked_for_what_has_room,
      nobody_gives_more_than_it_was_asked_for, what_is_kept_may_not_be_given,
      one_that_serves_gives_to_its_like, without_successors_it_gets_it_back,
      what_was_left_behind_is_passed_on, what_finds_no_place_is_kept,
      a_master_that_is_killed_leaves_no_two_copies,
      an_inbox_goes_one_way)
