/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a start would trip over, found before it: folders that are not there,
 * addresses that cannot be had, roots that the workers cannot read. Nothing is made,
 * opened for writing or changed.
 */
#ifndef SKUA_PROCESS_PREFLIGHT_H
#define SKUA_PROCESS_PREFLIGHT_H

struct conf;
struct generation;

/*
 * Before log files are opened: whether their folders are there. 0, or -1 after a
 * message for each one that is missing, with the command that makes it.
 */
int preflight_log_folders(struct conf *conf);

/*
 * For -t: prints what is wrong where messages about the configuration go. What would
 * end a start is an error, unless root would not be stopped by it and this user is
 * not root; that, and what makes requests fail, is a warning. 0, or -1 after errors.
 */
int preflight_check(const struct generation *generation);

#endif
