/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies in the inbox of a process that has gone and isn't replaced: the
 * master gives it to the workers that rule now, or to those of the program that
 * serves beside this one.
 */
#ifndef SKUA_PROCESS_ESTATE_H
#define SKUA_PROCESS_ESTATE_H

#include <stdbool.h>

struct generation;

/*
 * Owns the read end of the inbox. From now on nothing can be put into it; what
 * is there goes to workers of heir(), at once or when they take it. Without an
 * heir (NULL, or one that ends itself) it goes to the other program (partner.h);
 * without that it is closed.
 */
void estate_take(int inbox, struct generation *(*heir)(void));

/* Whether something still waits to be taken; called when that is over, unless NULL. */
bool estate_is_there(void);
extern void (*estate_none_left)(void);

/* Calls act() with each inbox that is not empty yet, until it returns false. */
bool estate_for_each(bool (*act)(void *data, int inbox), void *data);

#endif
