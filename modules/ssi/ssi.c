/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executes commands in documents (Server Side Includes):
 *
 *     ssi on;
 *
 *     <!--#include virtual="/parts/head.html" -->
 *     <!--#echo var="remote_addr" -->
 *     <!--#if expr="$arg_plain" -->plain<!--#else -->rich<!--#endif -->
 */
#include "ssi.h"

#include "page.h"

enum {
	DATE_MAX = 2048,
	VALUE_LENGTH_MAX = 64 * 1024,
};

static verdict ssi_filter(struct request *req, const void *data)
{
	const struct ssi_conf *conf = data;
	const struct body *body = req->response.body;

	if (!body || body->length == 0 || !ssi_is_document(conf, &req->response))
		return PASS;

	struct page *page = pool_new(req->pool, struct page);

	page_init(page, req, conf);
	response_transform(req, conf->last_modified);
	body_wrap(req, &page->input.filter, &page_ops, -1);
	return PASS;
}

/* --- $date_local, $date_gmt ------------------------------------------------------- */

static bool get_date(struct request *req, time_t now, const struct tm *tm, struct str *out)
{
	const struct ssi_context *context = request_context(req, &ssi_module);
	const char *format = context->timefmt.data;
	char text[DATE_MAX];

	/* Seconds since 1970 are the same everywhere. */
	if (format && strcmp(format, "%s") == 0) {
		*out = pool_printf(req->pool, "%lld", (long long)now);
		return true;
	}
	*out = (struct str){
		text,
		strftime(text, sizeof(text), format ? format : "%A, %d-%b-%Y %H:%M:%S %Z", tm),
	};
	*out = pool_strdup(req->pool, *out);
	return !str_empty(*out);
}

static bool get_date_local(struct request *req, struct str rest, const void *data, struct str *out)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	(void)rest, (void)data;
	return get_date(req, now, localtime_r(&now, &tm), out);
}

static bool get_date_gmt(struct request *req, struct str rest, const void *data, struct str *out)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	(void)rest, (void)data;
	return get_date(req, now, gmtime_r(&now, &tm), out);
}

/* --- directives ------------------------------------------------------------------- */

#define SSI_DOC                                                                                 \
	"Executes the commands in responses whose types are in ssi_types, and sends what they " \
	"result in.\n\n"                                                                        \
	"    ssi on;\n\n"                                                                       \
	"A command looks like <!--#name parameter=\"value\" -->:\n\n"                           \
	"    <!--#include virtual=\"/parts/head.html\" -->\n"                                   \
	"    <!--#echo var=\"remote_addr\" default=\"unknown\" -->\n"                           \
	"    <!--#set var=\"title\" value=\"$uri\" -->\n"                                       \
	"    <!--#if expr=\"$arg_lang = /^(de|fr)/\" -->\n"                                     \
	"    <!--#echo var=\"1\" --><!--#else -->en<!--#endif -->\n"                            \
	"    <!--#config timefmt=\"%Y\" errmsg=\"?\" --> <!--#echo var=\"date_gmt\" -->\n"      \
	"    <!--#block name=\"none\" -->No news.<!--#endblock -->\n"                           \
	"    <!--#include virtual=\"/news.html\" stub=\"none\" wait=\"yes\" -->\n\n"            \
	"A response with commands has no Content-Length and no ranges. The server makes a "     \
	"subrequest for each include, which may be internal; allow, deny and other access "     \
	"rules do not apply to it. So ssi is for documents whose authors may see all of the "   \
	"server. What echo writes is never read as a command; what sub_filter puts into a "     \
	"document is, as in nginx: use no variables there that clients can set.\n\n"            \
	"Limits for one request: 10000 includes, nested 50 deep; 1 MiB of variables and "       \
	"blocks; 64 KiB of a response that `set` of include puts into a variable."

#define TYPES_DOC                                                                           \
	"The types of responses in which commands are executed, in addition to text/html. " \
	"\"*\" is any type.\n\n"                                                            \
	"    ssi_types text/plain;"

#define SILENT_DOC                                                                               \
	"With on, a command that is malformed or refused shows nothing. With off, the document " \
	"says \"[an error occurred while processing the directive]\", or what the command "      \
	"config has set as errmsg. The error log has the reason in both cases.\n\n"              \
	"    ssi_silent_errors on;"

#define LENGTH_DOC                                                                    \
	"The longest value of a parameter of a command. A command with a longer one " \
	"is refused. The default is that of nginx, whose documentation says 256.\n\n" \
	"    ssi_value_length 1k;"

#define MODIFIED_DOC                                                                        \
	"With on, the response keeps Last-Modified, and its ETag in the weak form. If an "  \
	"included document changes while this one does not, clients go on using their old " \
	"copies.\n\n"                                                                       \
	"    ssi_last_modified on;"

#define MIN_CHUNK_DOC                                                                              \
	"Has no effect: documents are read into memory, where commands are searched for, and are " \
	"sent from there.\n\n"                                                                     \
	"    ssi_min_file_chunk 1k;"

#define BUFFERS_DOC                       \
	"Has no effect, as in nginx.\n\n" \
	"    ssi_ignore_recycled_buffers on;"

#define LOCAL_DOC                                                                            \
	"The local time, as the timefmt of the last command `config` in the document says; " \
	"otherwise like Sunday, 06-Nov-1994 09:49:37 CET.\n\n"                               \
	"    <!--#config timefmt=\"%H:%M\" --><!--#echo var=\"date_local\" -->"

#define GMT_DOC                                                                               \
	"The time in UTC, as the timefmt of the last command `config` in the document says; " \
	"otherwise like Sunday, 06-Nov-1994 08:49:37 GMT.\n\n"                                \
	"    <!--#echo var=\"date_gmt\" -->"

const struct module ssi_module = {
	.name = "ssi",
	.summary = "executes commands in documents: include, echo, set, if and others",
	.conf_size = sizeof(struct ssi_conf),
	.context_size = sizeof(struct ssi_context),
	.directives =
		(const struct directive[]){
			DIRECTIVE("ssi", IN_ANY_HTTP | IN_IF, struct ssi_conf, on, "on | off",
				  SSI_DOC, .initial = "off"),
			DIRECTIVE("ssi_types", IN_ANY_HTTP, struct ssi_conf, types, "type ...",
				  TYPES_DOC),
			DIRECTIVE("ssi_silent_errors", IN_ANY_HTTP, struct ssi_conf, silent_errors,
				  "on | off", SILENT_DOC, .initial = "off"),
			DIRECTIVE("ssi_value_length", IN_ANY_HTTP, struct ssi_conf, value_length,
				  "length", LENGTH_DOC, .initial = "255", .min = 0,
				  .max = VALUE_LENGTH_MAX),
			DIRECTIVE("ssi_last_modified", IN_ANY_HTTP, struct ssi_conf, last_modified,
				  "on | off", MODIFIED_DOC, .initial = "off"),
			DIRECTIVE_OBSOLETE("ssi_min_file_chunk", IN_ANY_HTTP, "size",
					   MIN_CHUNK_DOC),
			DIRECTIVE_OBSOLETE("ssi_ignore_recycled_buffers", IN_ANY_HTTP, "on | off",
					   BUFFERS_DOC),
			{ 0 } },
	.variables =
		(const struct variable[]){
			{ "date_local", get_date_local, LOCAL_DOC, VARIABLE_VOLATILE },
			{ "date_gmt", get_date_gmt, GMT_DOC, VARIABLE_VOLATILE },
			{ 0 } },
	.on[PHASE_FILTER] = ssi_filter,
	.filter_role = FILTER_CONTENT,
	.if_configured = true,
};
