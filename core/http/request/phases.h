/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk of a request through the phases. Everything between the complete
 * head and the complete response happens in phases_run().
 */
#ifndef SKUA_HTTP_REQUEST_PHASES_H
#define SKUA_HTTP_REQUEST_PHASES_H

#include <module.h>

#include "http/routing/location.h"

/*
 * The handlers that are called for requests of a location, by phase. pipelines_create() makes
 * that of each location in the list (`next`); locations with the same handlers share one.
 */
struct pipeline;
void pipelines_create(struct conf *conf, struct http_location *locations);

/*
 * Walks on from where the request stands. True: the response is complete in
 * req->response, and FILTER has run. False: the request waits, or (closing set)
 * the connection must be closed without a response.
 */
bool phases_run(struct request *req);

/* As if a handler had returned this status of an error: error_page, then FILTER. */
bool phases_refuse(struct request *req, int status);

/* Runs the handlers of LOG. */
void phases_log(struct request *req);

#endif
