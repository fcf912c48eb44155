/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The acceptor of `accept_mode handoff`: accepts all connections of a generation and deals
 * each to the worker that has least to do. It never reads from a connection. When all workers are
 * full, it keeps the connections that it has accepted and accepts no more; others wait in the
 * kernel's queue. When it ends, it gives the connections that it still has to the master, which
 * passes them on to the successors of its workers (relay.h).
 */
#ifndef SKUA_PROCESS_WORKER_ACCEPTOR_H
#define SKUA_PROCESS_WORKER_ACCEPTOR_H

#include "process/worker/child_ops.h"

extern const struct child_ops acceptor_ops;

#endif
