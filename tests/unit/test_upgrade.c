/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What follows each event of an upgrade.
 */
#include "harness/test.h"

#include "process/upgrade/upgrade.h"

static struct upgrade_progress at(enum upgrade_step step, bool is_beside)
{
	return (struct upgrade_progress){ .step = step, .is_beside = is_beside };
}

/* Fails unless the event leads to this action and this step. */
static void check(struct upgrade_progress *progress, enum upgrade_event event,
		  enum upgrade_action action, enum upgrade_step step)
{
	ck_assert_int_eq(upgrade_advance(progress, event), action);
	ck_assert_int_eq(progress->step, step);
}

START_TEST(a_program_beside_serves)
{
	struct upgrade_progress progress = at(UPGRADE_PREFLIGHT, true);

	check(&progress, UPGRADE_PASSED, UPGRADE_DO_START_BESIDE, UPGRADE_STARTING);
	check(&progress, UPGRADE_SERVES, UPGRADE_DO_REPORT_SUCCESS, UPGRADE_NONE);
	/* When it ends later that is no failure of the upgrade. */
	check(&progress, UPGRADE_FAILED, UPGRADE_DO_NOTHING, UPGRADE_NONE);
}
END_TEST

START_TEST(a_program_in_this_process_is_executed)
{
	struct upgrade_progress progress = at(UPGRADE_PREFLIGHT, false);

	check(&progress, UPGRADE_PASSED, UPGRADE_DO_EXEC, UPGRADE_PREFLIGHT);
	/* Only a failed execve(2) comes back. */
	check(&progress, UPGRADE_FAILED, UPGRADE_DO_REPORT_FAILURE, UPGRADE_NONE);
}
END_TEST

START_TEST(a_failed_preflight_starts_nothing)
{
	for (int is_beside = 0; is_beside < 2; is_beside++) {
		struct upgrade_progress progress = at(UPGRADE_PREFLIGHT, is_beside);

		check(&progress, UPGRADE_FAILED, UPGRADE_DO_REPORT_FAILURE, UPGRADE_NONE);
	}
}
END_TEST

START_TEST(a_program_that_is_late_is_killed_and_then_has_failed)
{
	struct upgrade_progress progress = at(UPGRADE_STARTING, true);

	check(&progress, UPGRADE_LATE, UPGRADE_DO_KILL, UPGRADE_STARTING);
	check(&progress, UPGRADE_FAILED, UPGRADE_DO_REPORT_FAILURE, UPGRADE_NONE);
}
END_TEST

START_TEST(a_start_counts_only_after_the_preflight)
{
	struct upgrade_progress progress = at(UPGRADE_PREFLIGHT, true);

	check(&progress, UPGRADE_SERVES, UPGRADE_DO_NOTHING, UPGRADE_PREFLIGHT);
	check(&progress, UPGRADE_LATE, UPGRADE_DO_NOTHING, UPGRADE_PREFLIGHT);
	progress = at(UPGRADE_STARTING, true);
	check(&progress, UPGRADE_PASSED, UPGRADE_DO_NOTHING, UPGRADE_STARTING);
}
END_TEST

START_TEST(nothing_follows_a_cancelled_upgrade)
{
	for (int event = UPGRADE_PASSED; event <= UPGRADE_CANCELLED; event++) {
		struct upgrade_progress progress = at(UPGRADE_PREFLIGHT, event % 2);

		check(&progress, UPGRADE_CANCELLED, UPGRADE_DO_NOTHING, UPGRADE_NONE);
		check(&progress, (enum upgrade_event)event, UPGRADE_DO_NOTHING, UPGRADE_NONE);
	}
}
END_TEST

TESTS("upgrade", a_program_beside_serves, a_program_in_this_process_is_executed,
      a_failed_preflight_starts_nothing, a_program_that_is_late_is_killed_and_then_has_failed,
      a_start_counts_only_after_the_preflight, nothing_follows_a_cancelled_upgrade)
