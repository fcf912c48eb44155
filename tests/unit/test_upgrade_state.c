/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program leaves to the next one comes back as it was written, and
 * nothing else is taken for it.
 */
#include "harness/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "process/upgrade/upgrade_state.h"

static struct upgrade_state sample(void)
{
	struct upgrade_state state;
	struct state_socket web = { .id = 3, .fd = 9, .address_len = sizeof(struct sockaddr_in) };
	struct state_socket lent = { .id = 4, .fd = 10, .address_len = 20, .lender = "a b" };
	const struct state_process worker = {
		.slot = 5,
		.kind = PROCESS_WORKER,
		.index = 1,
		.state = PROCESS_RUNNING,
		.pid = 4711,
		.channel = 11,
		.inbox = { 12, 13 },
		.started_ms = 123456,
		.granted = 32,
	};
	const struct state_process acceptor = {
		.slot = 6,
		.kind = PROCESS_ACCEPTOR,
		.state = PROCESS_WAITING,
		.channel = -1,
		.inbox = { -1, -1 },
	};

	const struct state_zone zone = {
		.fd = 18,
		.size = 4096,
		.head = 48,
		.layout = "hits-1",
		.name = "the visitors",
	};

	state_init(&state);
	state.how = UPGRADE_BESIDE;
	state.generation = 17;
	state.peer = 14;
	state.stats = 15;
	state.stats_size = 256;
	state.stats_layout = 3;
	strcpy(state.pid_path, "/run/a folder/skua.pid");
	web.address.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(8080) };
	lent.address.un.sun_family = AF_UNIX;
	ck_assert(state_add_socket(&state, &web));
	ck_assert(state_add_socket(&state, &lent));
	ck_assert(state_add_process(&state, &worker));
	ck_assert(state_add_process(&state, &acceptor));
	ck_assert(state_add_zone(&state, &zone));
	ck_assert(state_add_kept(&state, &(const struct state_kept){ 20, "compressor" }));
	ck_assert(state_add_module(&state, &(const struct state_module){ 21, "ssl" }));
	ck_assert(state_add_client(&state, 16));
	ck_assert(state_add_orphan(&state, &(const struct state_orphan){ 19, 32 }));
	return state;
}

START_TEST(it_comes_back)
{
	struct upgrade_state before = sample(), after;
	int fd = state_write(&before);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(state_read(&after, fd), 0);
	ck_assert_int_eq(after.how, UPGRADE_BESIDE);
	ck_assert_uint_eq(after.generation, 17);
	ck_assert_int_eq(after.peer, 14);
	ck_assert_int_eq(after.stats, 15);
	ck_assert_uint_eq(after.stats_size, 256);
	ck_assert_uint_eq(after.stats_layout, 3);
	ck_assert_uint_eq(after.zones_count, 1);
	ck_assert_mem_eq(after.zones, before.zones, sizeof(*before.zones));
	ck_assert_uint_eq(after.kept_count, 1);
	ck_assert_int_eq(after.kept[0].fd, 20);
	ck_assert_str_eq(after.kept[0].name, "compressor");
	ck_assert_uint_eq(after.modules_count, 1);
	ck_assert_int_eq(after.modules[0].fd, 21);
	ck_assert_str_eq(after.modules[0].name, "ssl");
	ck_assert_str_eq(after.pid_path, before.pid_path);
	ck_assert_uint_eq(after.sockets_count, 2);
	ck_assert_mem_eq(after.sockets, before.sockets, 2 * sizeof(*before.sockets));
	ck_assert_uint_eq(after.processes_count, 2);
	ck_assert_mem_eq(after.processes, before.processes, 2 * sizeof(*before.processes));
	ck_assert_uint_eq(after.clients_count, 1);
	ck_assert_int_eq(after.clients[0], 16);
	ck_assert_uint_eq(after.orphans_count, 1);
	ck_assert_int_eq(after.orphans[0].fd, 19);
	ck_assert_uint_eq(after.orphans[0].limit, 32);
	close(fd);
	state_finish(&before);
	state_finish(&after);
}
END_TEST

/* Its workers know nothing of what the master asks for. */
START_TEST(a_process_of_a_program_of_before)
{
	struct upgrade_state state;

	ck_assert_int_eq(state_parse(&state,
				     STR("skua-state 1\nhow instead\n"
					 "process 0 worker 2 running 4711 10 11 12 5000\n")),
			 0);
	ck_assert_uint_eq(state.processes_count, 1);
	ck_assert_int_eq(state.processes[0].started_ms, 5000);
	ck_assert_int_eq(state.processes[0].granted, -1);
	state_finish(&state);
}
END_TEST

START_TEST(an_orphan_of_a_program_of_before_has_no_limit)
{
	struct upgrade_state state;

	ck_assert_int_eq(state_parse(&state, STR("skua-state 1\nleft 14\nleft 15 0\n")), 0);
	ck_assert_uint_eq(state.orphans_count, 2);
	ck_assert_uint_eq(state.orphans[0].limit, UINT32_MAX);
	ck_assert_uint_eq(state.orphans[1].limit, 0);
	state_finish(&state);
}
END_TEST

static int parse(const char *text)
{
	struct upgrade_state state;
	int result = state_parse(&state, str_from(text));

	if (result == 0)
		state_finish(&state);
	return result;
}

START_TEST(unknown_words_are_ignored)
{
	ck_assert_int_eq(parse("skua-state 1\nhow instead\nweather sunny 12\n"), 0);
	ck_assert_int_eq(parse("skua-state 1\nhow instead\nlistener 1 5 0200 lender of it\n"), 0);
}
END_TEST

START_TEST(what_is_damaged_is_refused)
{
	static const char *const texts[] = {
		"",
		"skua-state 2\n",
		"skua-state 1\nhow sideways\n",
		"skua-state 1\nlistener 1\n",
		"skua-state 1\nlistener 1 -1 0200\n",
		"skua-state 1\nlistener 1 5 02\n",
		"skua-state 1\nlistener 1 5 020\n",
		"skua-state 1\nlistener 1 5 02zz\n",
		"skua-state 1\nlistener 1 99999999999 0200\n",
		"skua-state 1\nprocess 0 worker 0 running 1 2 3\n",
		"skua-state 1\nprocess 0 cook 0 running 1 2 3 4 5\n",
		"skua-state 1\nprocess 0 worker 0 free 1 2 3 4 5\n",
		"skua-state 1\nprocess 99999999 worker 0 running 1 2 3 4 5\n",
		"skua-state 1\nstats 5\n",
		"skua-state 1\nstats 5 256 x\n",
		"skua-state 1\nleft -1\n",
		"skua-state 1\nleft 5 x\n",
		"skua-state 1\nleft 5 4294967296\n",
		"skua-state 1\nzone -1 4096 48 hits-1 a\n",
		"skua-state 1\nzone 5 4096 48 hits-1\n",
		"skua-state 1\nzone 5 4096 48\n",
		"skua-state 1\nzone 5 4096\n",
		"skua-state 1\nmodule -1 ssl\n",
		"skua-state 1\nmodule 5\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(parse(texts[i]) == -EBADMSG, "taken: %s", texts[i]);
}
END_TEST

TESTS("upgrade state", it_comes_back, a_process_of_a_program_of_before,
      an_orphan_of_a_program_of_before_has_no_limit, unknown_words_are_ignored,
      what_is_damaged_is_refused)
