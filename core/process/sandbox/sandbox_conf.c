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

const struct sandbox_conf *sandbox_conf_of(struct conf *conf)
{
	return scope_data(conf_main(conf), &sandbox_module);
}

static int set_allow(struct conf_call *call)
{
	conf_opens(call, conf_full_path(call->conf, call->node->args[0].text));
	return 0;
}

const struct module sandbox_module = {
	.name = "sandbox",
	.summary = "what the workers may do",
	.conf_size = sizeof(struct sandbox_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("sandbox", IN_MAIN, struct sandbox_conf, mode, "on | off | strict",
			"Shuts the workers in: after their start they have no capabilities, can "
			"win none, open only files that the configuration names, and make only "
			"the system calls that serving files needs. Whoever takes a worker over "
			"by a defect of it finds little there to take.\n\n"
			"Files can be read below the directory that holds the name of a root or "
			"alias, so that it can be replaced while the server runs; for each "
			"symbolic link on the way also below the directory that holds the link "
			"and the one that holds its target. Of a path with variables it is the "
			"longest part before the first variable. A root that has moved to "
			"another place than these is answered with 503 until new workers have "
			"started; the master does that by itself, within a second or two, with the "
			"configuration that it has read before. A root that does not exist is "
			"answered with 404. One that is made while the server runs is served at "
			"once when the directory that holds its name was there before; otherwise "
			"as one that has moved. `skua help sandbox -c FILE` lists what a "
			"configuration comes to.\n\n"
			"Another system call than those listed there fails with EPERM and is "
			"named once in the error log; with `strict` it ends the worker. What "
			"the kernel does not have (Landlock since Linux 5.13, seccomp) is left "
			"out, and the error log says so. Root is not needed. With "
			"master_process off there is no sandbox.",
			.initial = "on",
			.keywords = (const struct keyword[]) {
				{ "on", SANDBOX_ON },
				{ "off", SANDBOX_OFF },
				{ "strict", SANDBOX_STRICT },
				{ NULL, 0 },
			}),
		DIRECTIVE_SET("sandbox_allow", IN_MAIN, set_allow, "path",
			"Workers may also read this file, or the files below this directory: "
			"for what symbolic links point to outside of all roots, and for roots "
			"that begin with a variable. When the sandbox was why a file could not "
			"be opened, the error log names the path to write here.",
			.flags = REPEAT, .min_args = 1),
		DIRECTIVE("worker_rlimit_core", IN_MAIN, struct sandbox_conf, core, "size",
			"Lets a worker that crashes leave a core dump of at most this size. "
			"Without it there are none, since they hold what the worker had in "
			"memory; `sandbox off` leaves them as the system has them.",
			.min = 0),
		{ 0 }
	},
};
