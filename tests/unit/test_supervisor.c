/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the supervisor does with a process for each event: a table of decisions, without any
 * process.
 */
#include "harness/test.h"

#include "process/master/policy.h"
#include "process/server/generation.h"
#include "process/server/table.h"

enum { PID = 4711 };

/* Only whether there is a configuration matters. */
static struct conf *const some_conf = (struct conf *)&some_conf;

static struct generation serving, starting, retiring, foreign;

static void setup(void)
{
	serving = (struct generation){ .conf = some_conf, .serving = true };
	starting = (struct generation){ .conf = some_conf };
	retiring = (struct generation){ .conf = some_conf, .serving = true, .retiring = true };
	foreign = (struct generation){ .conf = NULL, .serving = true };
}

static struct process process_of(struct generation *generation, enum process_state state)
{
	return (struct process){
		.generation = generation,
		.state = state,
		.pid = state == PROCESS_WAITING ? 0 : PID,
	};
}

static enum process_action decide(struct generation *generation, enum process_state state,
				  enum process_event event)
{
	struct process process = process_of(generation, state);

	return policy_decide(&process, event, true).action;
}

START_TEST(a_retiring_generation_tells_its_processes_to_quit_once)
{
	ck_assert_int_eq(decide(&serving, PROCESS_RUNNING, EVENT_RETIRE), ACTION_QUIT);
	ck_assert_int_eq(decide(&starting, PROCESS_STARTING, EVENT_RETIRE), ACTION_QUIT);
	ck_assert_int_eq(decide(&serving, PROCESS_WAITING, EVENT_RETIRE), ACTION_REMOVE);
	ck_assert_int_eq(decide(&retiring, PROCESS_RETIRING, EVENT_RETIRE), ACTION_NONE);
}
END_TEST

START_TEST(a_stop_meets_also_those_that_retire)
{
	ck_assert_int_eq(decide(&serving, PROCESS_RUNNING, EVENT_STOP), ACTION_STOP);
	ck_assert_int_eq(decide(&retiring, PROCESS_RETIRING, EVENT_STOP), ACTION_STOP);
	ck_assert_int_eq(decide(&serving, PROCESS_WAITING, EVENT_STOP), ACTION_REMOVE);
}
END_TEST

START_TEST(only_a_process_that_starts_becomes_one_that_serves)
{
	ck_assert_int_eq(decide(&starting, PROCESS_STARTING, EVENT_READY), ACTION_SERVE);
	ck_assert_int_eq(decide(&serving, PROCESS_RUNNING, EVENT_READY), ACTION_NONE);
	ck_assert_int_eq(decide(&retiring, PROCESS_RETIRING, EVENT_READY), ACTION_NONE);
}
END_TEST

START_TEST(who_has_served_is_replaced_at_once)
{
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(decide(&serving, PROCESS_RUNNING, EVENT_EXITED), ACTION_START);
	ck_assert_int_eq(decide(&serving, PROCESS_RUNNING, EVENT_EXITED_UNABLE), ACTION_START);
}
END_TEST

START_TEST(who_retires_is_not_replaced)
{
	ck_assert_int_eq(decide(&retiring, PROCESS_RETIRING, EVENT_EXITED), ACTION_REMOVE);
	ck_assert_int_eq(decide(&retiring, PROCESS_STARTING, EVENT_EXITED_UNABLE), ACTION_REMOVE);
}
END_TEST

START_TEST(a_process_without_a_configuration_keeps_its_place)
{
	ck_assert_int_eq(decide(&foreign, PROCESS_RUNNING, EVENT_EXITED), ACTION_KEEP);
	foreign.retiring = true;
	ck_assert_int_eq(decide(&foreign, PROCESS_RETIRING, EVENT_EXITED), ACTION_REMOVE);
}
END_TEST

START_TEST(who_ends_before_it_serves_waits)
{
	struct process process = process_of(&serving, PROCESS_STARTING);
	struct process_decision first = policy_decide(&process, EVENT_EXITED, true);
	struct process_decision second = policy_decide(&process, EVENT_EXITED, true);
	struct process_decision third = policy_decide(&process, EVENT_EXITED, true);

	ck_assert_int_eq(first.action, ACTION_START);
	ck_assert_int_eq(second.action, ACTION_WAIT);
	ck_assert_int_eq(third.action, ACTION_WAIT);
	ck_assert_int_gt(third.delay_ms, second.delay_ms);
	/* Without another one that serves the delay does not grow. */
	ck_assert_int_eq(policy_decide(&process, EVENT_EXITED, false).delay_ms, second.delay_ms);
}
END_TEST

START_TEST(a_new_generation_fails_with_its_first_process_that_cannot_serve)
{
	struct process process = process_of(&starting, PROCESS_STARTING);

	ck_assert_int_eq(decide(&starting, PROCESS_STARTING, EVENT_EXITED_UNABLE), ACTION_FAIL);
	ck_assert_int_eq(policy_decide(&process, EVENT_EXITED, false).action, ACTION_START);
	ck_assert_int_eq(policy_decide(&process, EVENT_EXITED, false).action, ACTION_WAIT);
	ck_assert_int_eq(policy_decide(&process, EVENT_EXITED, false).action, ACTION_FAIL);
}
END_TEST

START_TEST(what_cannot_be_forked_is_tried_again_while_the_generation_serves)
{
	struct process process = process_of(&serving, PROCESS_WAITING);
	struct process new = process_of(&starting, PROCESS_WAITING);

	for (int i = 0; i < 100; i++) {
		struct process_decision decision = policy_decide(&process, EVENT_NOT_FORKED, true);

		ck_assert_int_eq(decision.action, ACTION_WAIT);
		ck_assert_int_gt(decision.delay_ms, 0);
	}
	ck_assert_int_eq(policy_decide(&new, EVENT_NOT_FORKED, false).action, ACTION_WAIT);
	ck_assert_int_eq(policy_decide(&new, EVENT_NOT_FORKED, false).action, ACTION_WAIT);
	ck_assert_int_eq(policy_decide(&new, EVENT_NOT_FORKED, false).action, ACTION_FAIL);
}
END_TEST

START_TEST(who_misbehaves_is_killed_unless_another_program_has_started_it)
{
	struct process process = process_of(&serving, PROCESS_RUNNING);

	ck_assert_int_eq(policy_decide(&process, EVENT_OFFENCE, true).action, ACTION_KILL);
	ck_assert_int_eq(policy_decide(&process, EVENT_HUNG_UP, true).action, ACTION_KILL);
	process.is_restored = true;
	ck_assert_int_eq(policy_decide(&process, EVENT_OFFENCE, true).action, ACTION_NONE);
	ck_assert_int_eq(policy_decide(&process, EVENT_HUNG_UP, true).action, ACTION_NONE);
	ck_assert_int_eq(policy_decide(&process, EVENT_OVERDUE, true).action, ACTION_KILL);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "supervisor", .setup = setup }),
	 a_retiring_generation_tells_its_processes_to_quit_once,
	 a_stop_meets_also_those_that_retire, only_a_process_that_starts_becomes_one_that_serves,
	 who_has_served_is_replaced_at_once, who_retires_is_not_replaced,
	 a_process_without_a_configuration_keeps_its_place, who_ends_before_it_serves_waits,
	 a_new_generation_fails_with_its_first_process_that_cannot_serve,
	 what_cannot_be_forked_is_tried_again_while_the_generation_serves,
	 who_misbehaves_is_killed_unless_another_program_has_started_it)
