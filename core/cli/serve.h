/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `skua serve [DIR]`: a folder on the network with one command, without a
 * configuration file. It writes the configuration itself and runs the server
 * in the foreground.
 */
#ifndef SKUA_CLI_SERVE_H
#define SKUA_CLI_SERVE_H

struct options;
struct pool;

/*
 * Serves until it is told to end. Returns the exit status: 0 after Ctrl-C, 1 if it could not
 * start, after a message.
 */
int serve_folder(struct pool *pool, const struct options *options);

#endif
