/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body of a large file on a slow file system (file/mounts.h). The opener reads it in pieces of
 * FILE_PIECE bytes into memory, one at a time, whenever the client can take more. If the file
 * changes while it is sent, or if its disk does not answer, the connection is closed.
 */
#ifndef SKUA_HTTP_FILES_PIECEWISE_H
#define SKUA_HTTP_FILES_PIECEWISE_H

#include "file/cache.h"

struct body;
struct request;

/* The caller keeps its reference to the file. */
struct body *body_piecewise(struct request *req, const struct file_query *query,
			    const struct file *file);

#endif
