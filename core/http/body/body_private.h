/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKUA_HTTP_BODY_BODY_PRIVATE_H
#define SKUA_HTTP_BODY_BODY_PRIVATE_H

#include <stdbool.h>

struct body;
struct file;
struct request;

/*
 * A body with the whole of a regular file that has a descriptor (file->fd), which the caller holds
 * as long as the request. If the connection cannot send files, or speaks HTTP/2, its slices are
 * memory once the file is read often (file_kept_bytes()). Only reads of the body count for that,
 * so responses without a body (HEAD, 304) and ranges cause no reading of the whole file.
 */
struct body *body_of_entry(struct request *req, struct file *entry);

/*
 * Whether it is a body of the core that has given its last byte, and so has no trailers: it need
 * not be read again. Of other bodies only a further read tells.
 */
bool body_has_ended(const struct body *body);

#endif
