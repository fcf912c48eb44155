/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files for requests: the thin layer between <file.h> and the cache of core/file/,
 * with the directives that say how files are opened and how many are kept.
 */
#ifndef SKUA_HTTP_REQUEST_FILES_H
#define SKUA_HTTP_REQUEST_FILES_H

#include <module.h>

extern const struct module files_module;

#endif
