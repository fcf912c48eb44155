/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/handoff/handoff.h"

#include "process/handoff/balance.h"
#include "process/handoff/orphans.h"
#include "process/handoff/peer_master.h"
#include "process/handoff/relay.h"
#include "process/handoff/stall.h"

void handoff_start(const struct handoff_hooks *hooks)
{
	const struct peer_master_hooks peer = {
		.left = hooks->peer_left,
		.changed = relay_successors_changed,
		.passed = hooks->passed,
	};

	relay_init(hooks->active, orphans_keep);
	balance_init(hooks->active);
	stall_init(hooks->active, hooks->is_taking_over);
	orphans_init(hooks->orphans_gone);
	peer_master_init(&peer);
}
