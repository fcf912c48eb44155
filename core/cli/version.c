/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what configure wrote into config.h and what the modules say of their
 * libraries.
 */
#include "cli/version.h"

#include <config.h>

#include "config/modules.h"

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

void version_print(FILE *to)
{
	fputs("skua version: skua/" SKUA_VERSION "\n", to);
}

void version_print_build(FILE *to)
{
	version_print(to);
	fputs("built by " COMPILER "\n", to);
	for (size_t i = 0; i < module_count(); i++)
		if (module_at(i)->library)
			fprintf(to, "with %s (%s)\n", module_at(i)->library(), module_at(i)->name);
	fputs("modules:", to);
	for (size_t i = 0; i < modules_count; i++)
		fprintf(to, " %s", modules[i]->name);
	fputs("\nconfigure arguments: " SKUA_CONFIGURE_ARGS "\n", to);
}
