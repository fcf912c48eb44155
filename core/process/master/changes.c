/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/master/changes.h"

#include "net/listener.h"
#include "process/server/generation.h"
#include "process/server/report.h"

static bool has(const struct listeners *listeners, const struct listener *wanted)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (listener_same(&listeners->items[i], wanted))
			return true;
	return false;
}

/* Those of `some` that are not among the others. */
static void report_missing(const char *what, const struct listeners *some,
			   const struct listeners *others)
{
	for (size_t i = 0; i < some->count; i++)
		if (!has(others, &some->items[i]))
			report_printf("%s %.*s\n", what, STR_ARG(some->items[i].text));
}

void changes_report(const struct generation *old, const struct generation *new)
{
	report_printf("generation %u serves, with %u worker%s", new->number, new->workers,
		      new->workers == 1 ? "" : "s");
	if (new->workers != old->workers)
		report_printf(" (generation %u had %u)", old->number, old->workers);
	report_put(STR("\n"));
	report_missing("listens now:", new->listeners, old->listeners);
	report_missing("listens no longer:", old->listeners, new->listeners);
}
