/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the supervisor does with a process for each event: whether the process is started,
 * replaced, told to end or killed. Decisions only: supervisor.c carries them out.
 */
#ifndef SKUA_PROCESS_MASTER_POLICY_H
#define SKUA_PROCESS_MASTER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

struct process;

enum process_event {
	EVENT_RETIRE, /* the processes of its generation are to end after their responses */
	EVENT_STOP, /* all processes are to end now */
	EVENT_READY, /* it says that it serves */
	EVENT_EXITED, /* it has ended, or was killed */
	EVENT_EXITED_UNABLE, /* it has ended after it has logged why it cannot serve */
	EVENT_NOT_FORKED, /* it could not be started */
	EVENT_HUNG_UP, /* it has closed its end of the channel */
	EVENT_OFFENCE, /* it breaks the protocol of the channel */
	EVENT_OVERDUE, /* it should have ended long ago */
};

enum process_action {
	ACTION_NONE,
	ACTION_QUIT, /* tell it to end after the responses under way */
	ACTION_STOP, /* tell it to end now */
	ACTION_KILL,
	ACTION_SERVE, /* it counts as one that serves */
	ACTION_START,
	ACTION_WAIT, /* start it after a delay */
	ACTION_KEEP, /* keep its place, and what lies in its inbox, for the next generation */
	ACTION_REMOVE, /* free its place */
	ACTION_FAIL, /* give up its generation, which has not served yet */
};

struct process_decision {
	enum process_action action;
	int64_t delay_ms; /* of ACTION_WAIT */
};

/*
 * Decides what follows an event. `has_another`: another process of its kind and generation
 * serves. Counts failures in process->respawn and changes nothing else.
 */
struct process_decision policy_decide(struct process *process, enum process_event event,
				      bool has_another);

#endif
