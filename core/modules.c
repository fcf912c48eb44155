/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of the modules that belong to the core, and are part of every build. Modules that
 * configure adds are listed in build/modules.c.
 */
#include "config/logs/logs.h"
#include "config/modules.h"
#include "http/files/files.h"
#include "http/conf/http.h"
#include "http/coding/coding.h"
#include "process/server/main_conf.h"
#include "process/sandbox/sandbox.h"

const struct module *const core_modules[] = {
	&main_module,
	&sandbox_module,
	&config_include_module,
	&events_module,
	&logs_module,
	&http_module,
	&obsolete_module,
	&files_module,
	&compress_module,
};

const size_t core_modules_count = sizeof(core_modules) / sizeof(core_modules[0]);
