/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folders that tests put files into. A test removes its own at its end, so what
 * is left when the program ends belonged to tests that failed: their logs are
 * shown then, and the folders removed (TEST_KEEP=1: kept).
 */
#ifndef HARNESS_SCRATCH_H
#define HARNESS_SCRATCH_H

#include <stddef.h>

/* A new, empty folder that everybody may enter. The text lives as long as the process. */
const char *scratch_create(void);

/* Removes it with all that lies in it. */
void scratch_remove(const char *path);

/* Called by test_main() before the first and after the last test. */
void scratch_begin(void);
void scratch_finish(void);

#endif
