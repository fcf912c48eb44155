/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds descriptors that a process opened while it served and has not closed
 * at its end: each is a defect of ours.
 */
#ifndef SKUA_PROCESS_LEAKS_H
#define SKUA_PROCESS_LEAKS_H

/* What is open now may be open at the end. */
void leaks_note(void);

/* An [alert] for each further descriptor that is open; how many there are. */
unsigned leaks_report(void);

#endif
