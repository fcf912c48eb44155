/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket activation: listening sockets that a service manager has opened, as
 * sd_listen_fds(3) describes them. Each is used for the listen directive with
 * the same address.
 */
#ifndef SKUA_PROCESS_LISTEN_ACTIVATION_H
#define SKUA_PROCESS_LISTEN_ACTIVATION_H

/*
 * Takes over the descriptors that LISTEN_FDS counts, from 3 on, if LISTEN_PID is
 * this process, with their names from LISTEN_FDNAMES, and removes the variables from the
 * environment. A descriptor that is no listening stream socket is named in the log and closed.
 */
void activation_adopt(void);

#endif
