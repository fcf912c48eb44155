/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directives of the sandbox.
 *
 *     sandbox strict;
 *     sandbox_allow /srv/media;
 *     worker_rlimit_core 500m;
 */
#include "process/sandbox/sandbox.h"

#include <module.h>

#include "config/config.h"
#include "process/sandbox/opener.h"
#include "process/sandbox/opening.h"
#include "process/sandbox/root_values.h"

const struct sandbox_conf *sandbox_conf_of(struct conf *conf)
{
	return scope_data(conf_main(conf), &sandbox_module);
}

static int set_allow(struct conf_call *call)
{
	conf_opens(call, conf_full_path(call->conf, call->node->args[0].text));
	return 0;
}

static int check(struct conf_call *call, void *data)
{
	(void)data;
	if (call->context == IN_MAIN)
		root_values_allow(call);
	return 0;
}

/* In a worker. */
static int start(const void *data)
{
	struct conf *conf = sandbox_entered();
	int error = conf ? opening_start(conf, sandbox_hides_files(data)) : 0;

	if (error < 0)
		log_emergc(error, "the table of mounts cannot be watched");
	return error;
}

const struct module sandbox_module = {
	.name = "sandbox",
	.summary = "what the workers may do",
	.conf_size = sizeof(struct sandbox_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("sandbox", IN_MAIN, struct sandbox_conf, mode, "on | off | strict",
			"Confines the workers: after their start they have no capabilities, can "
			"win none, open only files that the configuration names, and make only "
			"the system calls that serving files needs. An attacker who controls a "
			"worker through a defect of it can do little else.\n\n"
			"A worker opens files below the roots and aliases, as they were when it "
			"started, by itself. Of a path with variables it is the longest part "
			"before the first variable. Files and directories that it may not open "
			"are opened by another process, the opener: the target of a symbolic link "
			"that leads out, or a root whose name leads elsewhere since then. The "
			"opener runs with the rights of the same user, is started when the first "
			"file needs it, and opens what a client may ask for: a path below the "
			"root or alias of a location, under its `symlinks`. A root may be "
			"replaced at any time, and no request fails for it. `skua help sandbox -c "
			"FILE` lists what workers may do with a configuration.\n\n"
			"A system call that is not listed there fails with EPERM and is named once "
			"in the error log; with `strict` it ends the worker. If the kernel lacks "
			"Landlock (since Linux 5.13) or seccomp, that part is left out, and the "
			"error log says so. Root is not needed. With master_process off there is "
			"no sandbox.\n\n"
			"    sandbox off;",
			.initial = "on",
			.keywords = (const struct keyword[]) {
				{ "on", SANDBOX_ON },
				{ "off", SANDBOX_OFF },
				{ "strict", SANDBOX_STRICT },
				{ NULL, 0 },
			}),
		DIRECTIVE_SET("sandbox_allow", IN_MAIN, set_allow, "path",
			"Workers may also read this file, or the files below this directory. It is "
			"needed for roots that begin with a variable, unless its values stand in "
			"set, map, geo or split_clients: such a root can be any place, and the "
			"error log names it at the start. If the sandbox was the reason why a "
			"file could not be opened, the error log names the path to write here.\n\n"
			"    sandbox_allow /srv/users;",
			.flags = REPEAT, .min_args = 1),
		DIRECTIVE("worker_rlimit_core", IN_MAIN, struct sandbox_conf, core, "size",
			"Lets a worker that crashes leave a core dump of at most this size. "
			"Without this directive there are no core dumps, since they contain what "
			"the worker had in memory; with `sandbox off` the limit of the system "
			"stays.\n\n"
			"    worker_rlimit_core 500m;",
			.min = 0),
		{ 0 }
	},
	.helper = &opener,
	.check = check,
	.start = start,
};
