/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/master/refresh.h"

#include <module.h>
#include <timer.h>

#include "config/modules.h"

enum { LOOK_MS = 10 * 1000 };

static struct {
	bool (*changed)(void);
	bool has_changed; /* and the workers do not know it yet */
	struct timer timer;
} refresh;

static void look(void *data)
{
	(void)data;
	for (size_t i = 0; i < module_count(); i++)
		if (module_at(i)->refresh && module_at(i)->refresh())
			refresh.has_changed = true;
	if (refresh.has_changed && refresh.changed())
		refresh.has_changed = false;
	timer_start(&refresh.timer, LOOK_MS);
}

void refresh_start(bool (*changed)(void))
{
	refresh.changed = changed;
	refresh.timer = (struct timer){ .expired = look };
	for (size_t i = 0; i < module_count(); i++)
		if (module_at(i)->refresh && !timer_is_started(&refresh.timer))
			timer_start(&refresh.timer, LOOK_MS);
}
