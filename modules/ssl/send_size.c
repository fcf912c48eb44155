/* SPDX-License-Identifier: BSD-2-Clause */
#include "send_size.h"

static size_t kept_by_all;

size_t send_size(const struct send_size *state)
{
	return (size_t)SEND_LEAST << (kept_by_all < SEND_KEPT_MANY ? state->doublings : 0);
}

void send_size_keeps(struct send_size *state, size_t kept)
{
	kept_by_all = kept_by_all - state->kept + kept;
	state->kept = (uint32_t)kept;
}

void send_size_sent(struct send_size *state, size_t sealed, size_t kept)
{
	if (kept)
		state->doublings = 0;
	else if (sealed >= send_size(state) && state->doublings < SEND_DOUBLINGS)
		state->doublings++;
	send_size_keeps(state, kept);
}
