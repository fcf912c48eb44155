/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What follows each event of a reload, and of the start of the server.
 */
#include "harness/test.h"

#include "process/master/reload.h"

/* Fails unless the event leads to this action and this step. */
static void check(struct reload_progress *progress, enum reload_event event,
		  enum reload_action action, enum reload_step step)
{
	ck_assert_int_eq(reload_advance(progress, event), action);
	ck_assert_int_eq(progress->step, step);
}

START_TEST(a_good_reload_replaces_then_closes_then_is_over)
{
	struct reload_progress progress = { .replaces = true };

	for (int i = 0; i < 2; i++) {
		check(&progress, RELOAD_BEGUN, RELOAD_DO_NOTHING, RELOAD_STARTING);
		check(&progress, RELOAD_SERVES, RELOAD_DO_REPLACE, RELOAD_CLOSING);
		check(&progress, RELOAD_CLOSED, RELOAD_DO_REPORT_SUCCESS, RELOAD_NONE);
	}
}
END_TEST

START_TEST(a_failed_reload_is_over_when_its_processes_have_ended)
{
	struct reload_progress progress = { .replaces = true };

	check(&progress, RELOAD_BEGUN, RELOAD_DO_NOTHING, RELOAD_STARTING);
	check(&progress, RELOAD_UNABLE, RELOAD_DO_ROLL_BACK, RELOAD_FAILED);
	/* The others of its processes do not make it serve any more. */
	check(&progress, RELOAD_SERVES, RELOAD_DO_NOTHING, RELOAD_FAILED);
	check(&progress, RELOAD_UNABLE, RELOAD_DO_NOTHING, RELOAD_FAILED);
	check(&progress, RELOAD_ENDED, RELOAD_DO_FORGET, RELOAD_NONE);
}
END_TEST

START_TEST(a_server_that_cannot_start_gives_up)
{
	struct reload_progress progress = { .replaces = false };

	check(&progress, RELOAD_BEGUN, RELOAD_DO_NOTHING, RELOAD_STARTING);
	check(&progress, RELOAD_UNABLE, RELOAD_DO_GIVE_UP, RELOAD_FAILED);
}
END_TEST

/* The server is told to end, or the processes of the new generation find no place. */
START_TEST(a_start_may_be_broken_off)
{
	struct reload_progress progress = { .replaces = true };

	check(&progress, RELOAD_BEGUN, RELOAD_DO_NOTHING, RELOAD_STARTING);
	check(&progress, RELOAD_ENDED, RELOAD_DO_FORGET, RELOAD_NONE);
}
END_TEST

/* Processes of the generation before end at any time, also when no reload is under way. */
START_TEST(events_out_of_turn_change_nothing)
{
	struct reload_progress progress = { .step = RELOAD_CLOSING, .replaces = true };

	check(&progress, RELOAD_ENDED, RELOAD_DO_NOTHING, RELOAD_CLOSING);
	check(&progress, RELOAD_UNABLE, RELOAD_DO_NOTHING, RELOAD_CLOSING);
	check(&progress, RELOAD_BEGUN, RELOAD_DO_NOTHING, RELOAD_CLOSING);
	progress.step = RELOAD_NONE;
	check(&progress, RELOAD_ENDED, RELOAD_DO_NOTHING, RELOAD_NONE);
	check(&progress, RELOAD_SERVES, RELOAD_DO_NOTHING, RELOAD_NONE);
	check(&progress, RELOAD_CLOSED, RELOAD_DO_NOTHING, RELOAD_NONE);
}
END_TEST

TESTS("reload", a_good_reload_replaces_then_closes_then_is_over,
      a_failed_reload_is_over_when_its_processes_have_ended, a_server_that_cannot_start_gives_up,
      a_start_may_be_broken_off, events_out_of_turn_change_nothing)
