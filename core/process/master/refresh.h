/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks every 10 seconds whether modules have new data for the workers (module->refresh). */
#ifndef SKUA_PROCESS_MASTER_REFRESH_H
#define SKUA_PROCESS_MASTER_REFRESH_H

#include <stdbool.h>

/*
 * In the master, once, if a module of this build wants it. changed() starts new workers, and
 * returns false if that is not possible now: then it is called again at the next look.
 */
void refresh_start(bool (*changed)(void));

#endif
