/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files for requests: the layer between <file.h> and the cache of core/file/. files_conf.c has the
 * directives for the way files are opened and for the limits of the cache.
 */
#ifndef SKUA_HTTP_FILES_FILES_H
#define SKUA_HTTP_FILES_FILES_H

#include <module.h>

#include "file/policy.h"

extern const struct module files_module;

/*
 * As file_open(), for a file that the configuration has named by conf_lines(): no policy of the
 * location concerns it.
 */
verdict file_open_named(struct request *req, struct str path, struct file **file);

/* The query that file_open() makes for this path, under the policies of the location. */
struct file_query request_file_query(struct request *req, struct str path);

/* The counters of files_module. */
enum files_counter { FILES_HITS, FILES_FILLS, FILES_ENTRIES, FILES_BYTES, FILES_FDS };

/* At the end of a turn: publishes what the file cache has counted. */
void files_publish(void);

#endif
