/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/master/policy.h"

#include "process/server/generation.h"
#include "process/server/respawn.h"
#include "process/server/table.h"

static struct process_decision decide_start(struct process *process, enum respawn_cause cause,
					    bool has_another)
{
	const struct respawn_place place = {
		/* A generation can serve without its helper. */
		.is_proven = process->generation->serving || process->kind == PROCESS_HELPER,
		.is_needed = !has_another,
	};
	int64_t delay_ms = respawn_after(&process->respawn, cause, place);

	if (delay_ms == RESPAWN_NEVER)
		return (struct process_decision){ .action = ACTION_FAIL };
	return (struct process_decision){
		.action = delay_ms ? ACTION_WAIT : ACTION_START,
		.delay_ms = delay_ms,
	};
}

struct process_decision policy_decide(struct process *process, enum process_event event,
				      bool has_another)
{
	const struct generation *generation = process->generation;
	enum process_action action = ACTION_NONE;
	enum respawn_cause cause = event == EVENT_EXITED_UNABLE ? RESPAWN_UNABLE : RESPAWN_UNSERVED;

	if (process->state == PROCESS_RUNNING)
		cause = RESPAWN_SERVED;
	switch (event) {
	case EVENT_RETIRE:
		if (process->state != PROCESS_RETIRING)
			action = process->pid ? ACTION_QUIT : ACTION_REMOVE;
		break;
	case EVENT_STOP:
		action = process->pid ? ACTION_STOP : ACTION_REMOVE;
		break;
	case EVENT_READY:
		if (process->state == PROCESS_STARTING)
			action = ACTION_SERVE;
		break;
	case EVENT_EXITED:
	case EVENT_EXITED_UNABLE:
		if (generation->retiring)
			action = ACTION_REMOVE;
		else if (!generation->conf)
			action = ACTION_KEEP;
		else
			return decide_start(process, cause, has_another);
		break;
	case EVENT_NOT_FORKED:
		return decide_start(process, RESPAWN_NOT_FORKED, has_another);
	case EVENT_HUNG_UP:
	case EVENT_OFFENCE:
		/* A process of another program may send messages that are unknown here. */
		if (!process->is_restored)
			action = ACTION_KILL;
		break;
	case EVENT_OVERDUE:
		action = ACTION_KILL;
		break;
	}
	return (struct process_decision){ .action = action };
}
