/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines in the error log that name the request they are about. */
#include "http/request/request_private.h"

#include "base/log_format.h"

void request_log(struct request *req, enum log_level level, int errnum, const char *format, ...)
{
	const struct log *log = req->location ? req->location->core->error_log : NULL;
	char message[2 * LOG_VALUE_MAX + 512];
	va_list args;

	if (!log)
		log = log_process;
	if (!log_enabled(log, level))
		return;
	va_start(args, format);
	size_t len = log_vformat(message, sizeof(message), format, args);
	va_end(args);
	if (errnum)
		log_format(message + len, sizeof(message) - len, " (%d: %s)", errnum,
			   strerror(errnum));

	struct str none = STR("");
	const struct log_field items[] = {
		{ "client", request_address_text(req), false },
		{ "server", req->server ? req->server->name : none, false },
		{ "request", req->line, true },
		{ "host", req->known.host, true },
		{ "request_id", request_id(req), true },
	};

	log_message(log, level, req->conn->number, message,
		    &(const struct log_fields){ items, sizeof(items) / sizeof(items[0]) });
}
