/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The time between the command to quit and the end of the listening sockets. `readiness`
 * answers 503 from its beginning on, so that balancers leave this server before it refuses
 * connections.
 */
#ifndef SKUA_PROCESS_SERVER_DRAIN_H
#define SKUA_PROCESS_SERVER_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

struct stats_server;

/*
 * Tells the workers by `server` (stats_use_server()), and calls over() after delay_ms; at once if
 * it is 0. A second call ends the time of the first one.
 */
void drain_begin(struct stats_server *server, int64_t delay_ms, void (*over)(void));

bool drain_is_under_way(void);

/* over() is not called any more. */
void drain_cancel(void);

#endif
