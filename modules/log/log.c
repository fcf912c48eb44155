/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The access log: a line for each response, in a format of variables.
 *
 *     log_format times '$remote_addr "$request" $status $request_time';
 *     access_log logs/access.log times buffer=32k flush=5s if=$loggable;
 *     access_log off;
 */
#include <module.h>

#include <config.h>

#include "paths.h"

struct log_format {
	struct str name;
	variable_put *put;
	const struct template *template;
	struct log_format *next;
};

struct access_log {
	struct log_writer *writer; /* NULL: path */
	struct log_path *path; /* has variables */
	const struct log_format *format;
	const struct template *condition; /* NULL: always */
	int64_t slow_ms; /* of slow_log: requests that have taken less time are left out */
	struct access_log *next;
};

struct log_conf {
	struct log_paths *paths; /* first; in the main block: all of the configuration */
	struct log_cache *cache; /* of files whose names have variables */
	struct log_format *formats;
	struct access_log *logs; /* NULL: nothing is logged */
	struct access_log *slow; /* of slow_log */
	bool is_chosen; /* there is a directive access_log, so the default log is not used */
};

#define COMBINED                                                                            \
	"'$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent " \
	"\"$http_referer\" \"$http_user_agent\"'"

/*
 * `log_format NAME json;`. The status is a string: "000", which stands for none, is no number of
 * JSON.
 */
#define JSON_FORMAT                                                                \
	"{\"time\":\"$time_iso8601\",\"status\":\"$status\","                      \
	"\"request_time\":$request_time,\"remote_addr\":\"$remote_addr\","         \
	"\"remote_user\":\"$remote_user\",\"host\":\"$host\","                     \
	"\"method\":\"$request_method\",\"uri\":\"$request_uri\","                 \
	"\"protocol\":\"$server_protocol\",\"bytes_sent\":$bytes_sent,"            \
	"\"body_bytes_sent\":$body_bytes_sent,\"request_length\":$request_length," \
	"\"referer\":\"$http_referer\",\"user_agent\":\"$http_user_agent\","       \
	"\"connection\":$connection,\"request_id\":\"$request_id\"}"

#define SLOW_FORMAT                                                                       \
	"$time_iso8601 $remote_addr \"$request\" $status $body_bytes_sent $request_time " \
	"$request_times"

/* --- escaping --- */

static bool needs_escape(unsigned char c)
{
	return c < 0x20 || c > 0x7e || c == '"' || c == '\\';
}

static inline bytes16 are_escaped(bytes16 bytes)
{
	return (bytes16)((bytes < 0x20) | (bytes > 0x7e) | (bytes == '"') | (bytes == '\\'));
}

static char *put_bytes(char *to, const char *limit, struct str bytes)
{
	return bytes.len <= (size_t)(limit - to) ? str_put_short(to, bytes) : NULL;
}

static char *put_default(char *to, const char *limit, struct str value, bool found)
{
	static const char hex[] = "0123456789ABCDEF";

	if (!found)
		return put_bytes(to, limit, STR("-"));
	if (!bytes16_has(value, are_escaped)) /* most have nothing to escape */
		return put_bytes(to, limit, value);
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.data[i];

		if (limit - to < 4)
			return NULL;
		if (needs_escape(c)) {
			*to++ = '\\';
			*to++ = 'x';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		} else {
			*to++ = (char)c;
		}
	}
	return to;
}

static char *put_json(char *to, const char *limit, struct str value, bool found)
{
	return found ? json_put(to, limit, value) : to;
}

static char *put_none(char *to, const char *limit, struct str value, bool found)
{
	return found ? put_bytes(to, limit, value) : to;
}

/* --- log_format --- */

static const struct log_format *find_format(const struct log_conf *conf, struct str name)
{
	for (const struct log_format *format = conf->formats; format; format = format->next)
		if (str_eq(format->name, name))
			return format;
	return NULL;
}

static int set_log_format(struct conf_call *call)
{
	struct log_conf *conf = call->data;
	const struct conf_word *args = call->node->args;
	struct log_format *format = pool_new(call->pool, struct log_format);
	size_t text = 1;

	if (find_format(conf, args[0].text))
		return conf_error(call, &args[0], "there is a log format \"%.*s\" already",
				  STR_ARG(args[0].text));
	format->name = args[0].text;
	format->put = put_default;
	if (str_starts(args[1].text, STR("escape="))) {
		struct str name = str_skip(args[1].text, 7);

		text = 2;
		if (str_eq(name, STR("json")))
			format->put = put_json;
		else if (str_eq(name, STR("none")))
			format->put = put_none;
		else if (!str_eq(name, STR("default")))
			return conf_error(call, &args[1], "expected escape=default, json or none");
		if (call->node->nargs == 2)
			return conf_error(call, &args[1], "the text of the format is missing");
	}
	/* A format with a mistake is added, too, or access_log would report that it is missing. */
	format->next = conf->formats;
	conf->formats = format;
	if (call->node->nargs == 2 && conf_word_is(&args[1], "json")) {
		struct conf_word json = args[1];

		json.text = STR(JSON_FORMAT);
		format->put = put_json;
		return conf_parse_template(call, &json, &format->template);
	}
	/* Strings are joined: '$status' 'ms' is "${status}ms". */
	return conf_parse_template_words(call, &args[text], call->node->nargs - text,
					 &format->template);
}

/* --- access_log --- */

enum {
	GZIP_BUFFER = 64 * 1024, /* unless buffer= says otherwise */
	CACHE_MAX = 100 * 1000, /* files that open_log_file_cache may keep */
};

struct log_options {
	struct size buffer;
	struct duration flush;
	const struct template *condition;
	const struct coding *coding;
	int64_t level;
};

/* `level` follows the word "gzip="; it is empty after "gzip". */
static int parse_gzip(struct conf_call *call, const struct conf_word *word,
		      const struct conf_word *level, struct log_options *out)
{
	out->coding = coding_find(STR("gzip"));
	out->level = 1;
	if (!out->coding)
		return conf_not_supported(call, word,
					  "\"%.*s\" needs the module gzip\n"
					  "This program was built without the module gzip.",
					  STR_ARG(word->text));
	if (word->text.len == 4)
		return 0;
	return conf_parse_int(call, level, 1, 9, &out->level);
}

static int parse_option(struct conf_call *call, const struct conf_word *word,
			struct log_options *out)
{
	struct conf_word value;

	if (conf_option(word, STR("buffer="), &value))
		return conf_parse_size(call, &value, &out->buffer);
	if (conf_option(word, STR("flush="), &value))
		return conf_parse_duration(call, &value, &out->flush);
	if (conf_option(word, STR("if="), &value))
		return conf_parse_template(call, &value, &out->condition);
	if (conf_word_is(word, "gzip") || str_starts(word->text, STR("gzip="))) {
		value = conf_word_after(word, 5);
		return parse_gzip(call, word, &value, out);
	}
	return conf_error(call, word,
			  "expected buffer=SIZE, flush=TIME, gzip, gzip=LEVEL or if=CONDITION");
}

static struct access_log *add_log(struct log_conf *conf, struct pool *pool,
				  const struct log_format *format,
				  const struct log_options *options)
{
	struct access_log *log = pool_new(pool, struct access_log);
	struct access_log **end = &conf->logs;

	log->format = format;
	log->condition = options->condition;
	while (*end)
		end = &(*end)->next;
	*end = log;
	return log;
}

static int add_file(struct conf_call *call, struct str path, const struct log_format *format,
		    const struct log_options *options)
{
	struct access_log *log = add_log(call->data, call->pool, format, options);
	struct log_file *file = conf_log_file(call, path);

	if (!file)
		return -EINVAL;
	log->writer = log_writer_create(call, file,
					&(const struct log_writer_settings){
						.buffer = (size_t)options->buffer.bytes,
						.flush_ms = options->flush.ms,
						.coding = options->coding,
						.level = (int)options->level,
					});
	return log->writer ? 0 : -EINVAL;
}

/* A path with variables. */
static int add_path(struct conf_call *call, const struct log_format *format,
		    const struct log_options *options)
{
	struct access_log *log = add_log(call->data, call->pool, format, options);

	if (options->buffer.bytes)
		return conf_error(call, &call->node->args[0],
				  "a log with variables in its path has no buffer\n"
				  "leave out buffer=, gzip and flush=");
	log->path = log_path_add(call, &call->node->args[0]);
	return log->path ? 0 : -EINVAL;
}

/* Whether the http block has an access_log: then there is no default. */
struct log_choice {
	bool is_made;
};

static struct log_choice *choice_of(struct conf_call *call)
{
	static const char key;

	return conf_shared(call->conf, &key, sizeof(struct log_choice));
}

static int set_access_log(struct conf_call *call)
{
	struct log_conf *conf = call->data;
	const struct conf_word *args = call->node->args;
	struct log_options options = { .condition = NULL };

	if (call->first)
		conf->logs = NULL;
	conf->is_chosen = true;
	if (call->context == IN_HTTP)
		choice_of(call)->is_made = true;
	if (conf_word_is(&args[0], "off")) {
		if (call->node->nargs > 1)
			return conf_error(call, &args[1], "nothing may follow \"off\"");
		return 0;
	}
	struct str name = call->node->nargs > 1 ? args[1].text : STR("combined");
	const struct log_format *format = find_format(conf, name);

	if (!format && conf_may_be_declared(call, name))
		return 0;
	if (!format)
		return conf_error(call, &args[1],
				  "there is no log format \"%.*s\" above\n"
				  "define it with log_format, or use \"combined\"",
				  STR_ARG(name));
	for (size_t i = 2; i < call->node->nargs; i++)
		if (parse_option(call, &args[i], &options) < 0)
			return -EINVAL;
	if ((options.coding || options.buffer.bytes || options.flush.ms) &&
	    str_starts(args[0].text, STR("syslog:")))
		return conf_error(call, &args[0], "messages for syslog cannot be buffered\n"
						  "buffer=, flush= and gzip are for files");
	if (options.coding && !options.buffer.bytes)
		options.buffer.bytes = GZIP_BUFFER;
	if (options.flush.ms && !options.buffer.bytes)
		return conf_error(call, NULL,
				  "flush= needs buffer= or gzip\nwithout it a line leaves at once");
	if (str_chr(args[0].text, '$') >= 0 && !str_starts(args[0].text, STR("syslog:")))
		return add_path(call, format, &options);
	return add_file(call, args[0].text, format, &options);
}

/* --- slow_log --- */

/* The format of lines for which none is named. */
static const struct log_format *slow_format(struct conf_call *call)
{
	struct log_format *format = pool_new(call->pool, struct log_format);
	struct conf_word word = call->node->name;

	word.text = STR(SLOW_FORMAT);
	format->put = put_default;
	return conf_parse_template(call, &word, &format->template) < 0 ? NULL : format;
}

static int set_slow_log(struct conf_call *call)
{
	static const struct log_writer_settings settings;
	struct log_conf *conf = call->data;
	const struct conf_word *args = call->node->args;
	struct access_log *log = pool_new(call->pool, struct access_log);
	struct duration threshold;
	bool is_named = call->node->nargs > 2;

	if (call->first)
		conf->slow = NULL;
	if (conf_word_is(&args[0], "off"))
		return call->node->nargs == 1 ?
			       0 :
			       conf_error(call, &args[1], "nothing may stand behind \"off\"");
	if (str_chr(args[0].text, '$') >= 0)
		return conf_error(call, &args[0], "the path of slow_log cannot have variables");
	if (call->node->nargs == 1)
		return conf_error(call, NULL,
				  "the time is missing from which on a request is slow\n"
				  "for example: slow_log logs/slow.log 500ms;");
	if (conf_parse_duration(call, &args[1], &threshold) < 0)
		return -EINVAL;
	log->slow_ms = threshold.ms;
	log->format = is_named ? find_format(conf, args[2].text) : slow_format(call);
	if (!log->format && is_named && conf_may_be_declared(call, args[2].text))
		return 0;
	if (!log->format && is_named)
		return conf_error(call, &args[2], "there is no log format \"%.*s\" above",
				  STR_ARG(args[2].text));

	struct log_file *file = log->format ? conf_log_file(call, args[0].text) : NULL;

	log->writer = file ? log_writer_create(call, file, &settings) : NULL;
	log->next = conf->slow;
	conf->slow = log;
	return log->writer ? 0 : -EINVAL;
}

/* --- open_log_file_cache --- */

static int parse_cache_option(struct conf_call *call, const struct conf_word *word,
			      struct log_cache *cache)
{
	struct conf_word value;

	if (conf_option(word, STR("max="), &value))
		return conf_parse_int(call, &value, 1, CACHE_MAX, &cache->max);
	if (conf_option(word, STR("min_uses="), &value))
		return conf_parse_int(call, &value, 0, INT64_MAX, &cache->min_uses);
	if (conf_option(word, STR("inactive="), &value))
		return conf_parse_duration(call, &value, &cache->inactive);
	if (conf_option(word, STR("valid="), &value))
		return conf_parse_duration(call, &value, &cache->valid);
	return conf_error(call, word, "expected max=N, inactive=TIME, min_uses=N, valid=TIME or "
				      "off");
}

static int set_cache(struct conf_call *call)
{
	struct log_conf *conf = call->data;
	const struct conf_node *node = call->node;

	conf->cache = pool_new(call->pool, struct log_cache);
	*conf->cache = (struct log_cache){
		.inactive.ms = 10 * 1000, .valid.ms = 60 * 1000, .min_uses = 1,
	};
	if (node->nargs == 1 && conf_word_is(&node->args[0], "off"))
		return 0;
	for (size_t i = 0; i < node->nargs; i++)
		if (parse_cache_option(call, &node->args[i], conf->cache) < 0)
			return -EINVAL;
	if (!conf->cache->max)
		return conf_error(call, NULL, "max= is missing\n"
					      "write how many files may be open: max=100");
	if (conf->cache->inactive.ms < 1)
		conf->cache->inactive.ms = 1;
	return 0;
}

/* Without any access_log the file given to configure is used. */
static int log_check(struct conf_call *call, void *data)
{
	struct log_conf *conf = data;
	const struct log_options options = { .condition = NULL };

	conf->paths = log_paths_of(call->conf);
	if (conf->is_chosen || conf->logs || choice_of(call)->is_made || !conf_serves(call))
		return 0;
	return add_file(call, conf_built_in_path(call->conf, SKUA_HTTP_LOG_PATH),
		       find_format(conf, STR("combined")), &options);
}

/* --- logging --- */

struct line {
	struct request *req;
	const struct log_format *format;
};

static char *put_line(char *to, const char *limit, void *data)
{
	const struct line *line = data;

	return template_put(line->req, line->format->template, line->format->put, to, limit);
}

static verdict log_request(struct request *req, const void *data)
{
	const struct log_conf *conf = data;

	if (req->is_probe)
		return PASS;
	for (const struct access_log *log = conf->slow; log; log = log->next) {
		struct line line = { req, log->format };

		if (request_age_ms(req) >= log->slow_ms)
			log_writer_add(log->writer, put_line, &line);
	}
	for (const struct access_log *log = conf->logs; log; log = log->next) {
		if (log->condition && !template_is_true(req, log->condition))
			continue;

		struct line line = { req, log->format };

		if (log->writer)
			log_writer_add(log->writer, put_line, &line);
		else
			log_path_write(req, log->path, conf->cache, put_line, &line);
	}
	return PASS;
}

static void stop(const void *data, enum stop_reason reason)
{
	const struct log_conf *conf = data;

	(void)reason;
	log_files_finish(conf->paths);
}

#define LOG_FORMAT_DOC                                                                           \
	"Defines a format for the access log: a text with variables. In values, quotes, "        \
	"backslashes and control characters are written as \\xNN (default), as in JSON strings " \
	"(json), or unchanged (none). Bytes beyond ASCII are escaped by default; with json, "    \
	"bytes that are not valid UTF-8 become the text \\xNN, so that a line is always valid "  \
	"JSON. A variable without a value is \"-\" with the default escaping and empty with "    \
	"the others. The format \"combined\" is built in.\n\n"                                   \
	"With the word json in place of the text, a line is an object with the members time, "   \
	"status, request_time, remote_addr, remote_user, host, method, uri, protocol, "          \
	"bytes_sent, body_bytes_sent, request_length, referer, user_agent, connection and "      \
	"request_id.\n\n"                                                                        \
	"    log_format for_programs json;\n"                                                    \
	"    access_log logs/access.json for_programs;"

#define CACHE_DOC                                                                                \
	"Keeps log files open whose names have variables (access_log logs/$host.log). At most "  \
	"max files stay open in each worker; those that were used last are kept. A file is "     \
	"closed when it was not used for inactive (10s if none is given), and after each turn "  \
	"of the event loop as long as it was used less than min_uses times (1). After valid "    \
	"(60s) the file is opened again, because another file may have taken its name. The "     \
	"signal USR1 closes all of them.\n\n"                                                    \
	"    open_log_file_cache max=100 inactive=20s min_uses=2 valid=1m;\n\n"                  \
	"With off, each file is opened for the lines of a turn and closed then."

#define ACCESS_LOG_DOC                                                                           \
	"Writes a line for each response to this file in this format (\"combined\" if none is "  \
	"named). A block may name several files; they replace those of the enclosing block. "    \
	"Lines are written at the end of each turn of the event loop, or, with buffer, when "    \
	"that many bytes have gathered or the oldest line is as old as flush. With if, only "    \
	"responses for which the condition is neither empty nor \"0\" are logged. /dev/stdout "  \
	"and /dev/stderr are the descriptors that the server was started with, also if they are " \
	"pipes or sockets.\n\n"                                                                  \
	"With gzip, or gzip=LEVEL from 1 (the default, fast) to 9, each buffer is compressed "   \
	"when it is written, so that the file can be read by zcat. The buffer has 64k if "       \
	"buffer does not say more or less. The lines of a buffer that was not written yet "      \
	"cannot be read in the file, so flush is useful:\n\n"                                    \
	"    access_log logs/access.log.gz combined gzip flush=1m;\n\n"                          \
	"A symbolic link on the way to the file is followed if the directory that it lies in "   \
	"belongs to root or to the user who starts the server; where others may write to that "  \
	"directory, the link has to belong to one of the two as well. Otherwise the owner of a " \
	"log directory could make root write into any file. A file without a link may lie in "   \
	"anybody's directory, unless it has a second name (a hard link). While nobody reads a "  \
	"named pipe, it keeps as many lines as fit; further lines are lost and counted, and "    \
	"the server does not wait.\n\n"                                                          \
	"The path may have variables below a directory that is written out. A helper process "   \
	"opens such files with the rights of the workers' user, who must be allowed to create "  \
	"files there; it follows no symbolic link below the directory, and makes no "            \
	"directories. A line is not written, and counted as lost, if a value is empty or has a " \
	"slash or a control character, if the name would be \"..\", or if the root of the "      \
	"request does not exist: otherwise clients could create any number of files. Such a "    \
	"log has no buffer, and needs master_process on:\n\n"                                    \
	"    access_log /var/log/sites/$host.log combined;\n\n"                                  \
	"With syslog: each line is a message; error_log describes the parameters.\n\n"             \
	"Without this directive the file is the one given to configure (--http-log-path)."

#define SLOW_LOG_DOC                                                                               \
	"Writes a line to this file for each request that has taken at least this time, from "     \
	"its first byte until the last byte of its response was sent. Without the name of a "      \
	"log_format a line has the time of day, the address, the request, its status, the bytes "  \
	"of the body, how long it took, and where the time went ($request_times).\n\n"             \
	"    slow_log logs/slow.log 500ms;\n\n"                                                    \
	"A client that reads slowly makes its requests slow; \"send\" has most of the time then. " \
	"With 0 all requests are logged."

const struct module log_module = {
	.name = "log",
	.summary = "writes a line for each response to the access log",
	.conf_size = sizeof(struct log_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("log_format", IN_HTTP, set_log_format,
			      "name [escape=default | json | none] string ... | json",
			      LOG_FORMAT_DOC, .flags = REPEAT, .min_args = 2,
			      .max_args = MANY_ARGS, .initial = "combined " COMBINED),
		DIRECTIVE_SET("access_log", IN_ANY_HTTP | IN_IF | IN_LIMIT_EXCEPT, set_access_log,
			      "path | syslog:server=address[,parameter=value] [format "
			      "[buffer=size] [gzip[=level]] [flush=time] [if=condition]] | off",
			      ACCESS_LOG_DOC, .flags = LIST, .min_args = 1, .max_args = 6),
		DIRECTIVE_SET("slow_log", IN_ANY_HTTP, set_slow_log, "path time [format] | off",
			      SLOW_LOG_DOC, .flags = LIST, .min_args = 1, .max_args = 3,
			      .initial = "off"),
		DIRECTIVE_SET("open_log_file_cache", IN_ANY_HTTP, set_cache,
			      "max=N [inactive=time] [min_uses=N] [valid=time] | off", CACHE_DOC,
			      .min_args = 1, .max_args = 4, .initial = "off"),
		{ 0 }
	},
	.check = log_check,
	.stop = stop,
	.helper = &log_opener,
	.on[PHASE_LOG] = log_request,
};
