/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records log files and error logs while a configuration is read, in two lists in the
 * configuration's pool, and has the directive error_log.
 */
#include "config/logs/logs.h"

#include "base/log_ring.h"
#include "config/config.h"
#include <module.h>

static const char logs_key;

static const struct keyword levels[] = {
	{ "debug", LEVEL_DEBUG }, { "info", LEVEL_INFO },   { "notice", LEVEL_NOTICE },
	{ "warn", LEVEL_WARN },	  { "error", LEVEL_ERROR }, { "crit", LEVEL_CRIT },
	{ "alert", LEVEL_ALERT }, { "emerg", LEVEL_EMERG },
	/* Parts of nginx. Its messages at the level debug are not told apart here. */
	{ "debug_core", LEVEL_DEBUG },	 { "debug_alloc", LEVEL_DEBUG },
	{ "debug_mutex", LEVEL_DEBUG },	 { "debug_event", LEVEL_DEBUG },
	{ "debug_http", LEVEL_DEBUG },	 { "debug_mail", LEVEL_DEBUG },
	{ "debug_stream", LEVEL_DEBUG }, { NULL, 0 },
};

struct logs *logs_of(struct conf *conf)
{
	return conf_shared(conf, &logs_key, sizeof(struct logs));
}

struct log_file *logs_note(struct conf *conf, struct str path)
{
	struct log_entry **link = &logs_of(conf)->files;

	for (; *link; link = &(*link)->next)
		if (str_eq((*link)->file.path, path))
			return &(*link)->file;

	struct log_entry *entry = pool_new(conf_pool(conf), struct log_entry);
	entry->file.path = pool_strdup(conf_pool(conf), path);
	entry->file.fd = entry->reader = -1;
	*link = entry;
	return &entry->file;
}

static struct error_log *add_error(struct conf *conf, struct log_file *file, enum log_level level)
{
	struct logs *logs = logs_of(conf);
	struct error_log *error = pool_new(conf_pool(conf), struct error_log);

	error->log.fd = -1;
	error->log.level = level;
	error->log.syslog = file->syslog;
	error->file = file;
	error->next = logs->errors;
	logs->errors = error;
	return error;
}

const struct log *logs_add_error(struct conf *conf, struct log_file *file, enum log_level level)
{
	return &add_error(conf, file, level)->log;
}

void logs_connect(struct logs *logs)
{
	for (struct error_log *error = logs->errors; error; error = error->next) {
		error->log.fd = error->file->fd;
		error->log.ring = ((const struct log_entry *)error->file)->ring;
	}
}

const struct log *logs_main(struct conf *conf)
{
	const struct logs_conf *own = scope_data(conf_main(conf), &logs_module);

	return own->log ? own->log : logs_of(conf)->main;
}

bool logs_main_is_stderr(struct conf *conf)
{
	for (const struct log *log = logs_main(conf); log; log = log->next)
		if (str_eq(((const struct error_log *)log)->file->path, STR("/dev/stderr")))
			return true;
	return false;
}

void logs_set_main(struct conf *conf, const struct log *log)
{
	logs_of(conf)->main = log;
}

/* The whole word takes the place of the path, so logs with the same parameters share an entry. */
static struct log_file *note_syslog(struct conf_call *call, struct str path)
{
	struct log_file *file = logs_note(call->conf, path);

	if (!file->syslog)
		file->syslog = syslog_parse(call, &call->node->args[0]);
	return file->syslog ? file : NULL;
}

struct log_file *conf_log_file(struct conf_call *call, struct str path)
{
	if (str_starts(path, STR("syslog:")))
		return note_syslog(call, path);
	if (str_empty(path)) /* as in nginx */
		path = STR("/dev/stderr");

	struct log_file *file = logs_note(call->conf, conf_full_path(call->conf, path));
	struct log_entry *entry = (struct log_entry *)file;

	/* A call without a directive records a default log, which has no place in a file. */
	if (call->directive && call->node->nargs && !entry->place.file)
		entry->place = call->node->args[0].place;
	return file;
}

/* "memory:SIZE". Logs of the same size share an entry, and so the memory. NULL after a message. */
static struct log_file *note_memory(struct conf_call *call)
{
	struct conf_word word;
	struct size size;

	if (!conf_option(&call->node->args[0], STR("memory:"), &word) ||
	    conf_parse_size(call, &word, &size) < 0)
		return NULL;
	if (size.bytes < LOG_RING_MIN || size.bytes > LOG_RING_MAX) {
		conf_error(call, &word, "the size \"%.*s\" is not between 1k and 16m",
			   STR_ARG(word.text));
		return NULL;
	}

	struct str name = pool_printf(call->pool, "memory:%lld", (long long)size.bytes);
	struct log_file *file = logs_note(call->conf, name);

	((struct log_entry *)file)->ring_size = (size_t)size.bytes;
	return file;
}

/* The log that the first word of error_log names. NULL after a message. */
static struct log_file *note_error_log(struct conf_call *call, struct str path)
{
	if (str_starts(path, STR("memory:")))
		return note_memory(call);
	if (str_eq(path, STR("stderr")))
		return logs_note(call->conf, STR("/dev/stderr"));
	return conf_log_file(call, path);
}

static int set_error_log(struct conf_call *call)
{
	const struct conf_word *args = call->node->args;
	struct logs_conf *own = call->data;
	struct str path = args[0].text;
	int level = LEVEL_ERROR;

	bool is_json = call->node->nargs > 1 && conf_word_is(&args[call->node->nargs - 1], "json");
	size_t words = call->node->nargs - is_json;

	/* There may be several if all of them are debug_... */
	for (size_t i = 1; i < words; i++) {
		if (words > 2 && !str_starts(args[i].text, STR("debug_")))
			return conf_error(call, &args[i > 1 ? i : 2],
					  "\"json\" or nothing may follow the level");
		if (conf_parse_keyword(call, &args[i], levels, &level) < 0)
			return -EINVAL;
	}
	if (conf_word_is(&args[0], "off"))
		conf_warn(call, &args[0],
			  "writes to a file with the name \"off\"; to be rid of the error log "
			  "write \"error_log /dev/null emerg\"");

	struct log_file *file = note_error_log(call, path);

	if (!file)
		return -EINVAL;

	struct error_log *error = add_error(call->conf, file, (enum log_level)level);
	error->log.is_json = is_json;
	/* The first error_log of a block replaces the list that the block inherits. */
	error->log.next = own->scope == call->scope ? own->log : NULL;
	own->log = &error->log;
	own->scope = call->scope;
	return 0;
}

#define ERROR_LOG_DOC \
	"The file for messages of this level and of more important ones (error and above if " \
	"none is given). Without this directive errors go to the file of the option -e, which " \
	"is logs/error.log below the prefix unless configure was told otherwise. A block may " \
	"name several files; they replace those of the enclosing " \
	"block. /dev/stderr and /dev/stdout are the descriptors that the server was started " \
	"with. Files are opened by the master and opened again at the signal USR1.\n\n" \
	"syslog: lines go to a server for syslog by UDP, syslog:server=192.0.2.1:514, or to a" \
	" local one, syslog:server=unix:/dev/log. Further parameters are facility (local7), " \
	"tag (skua), severity (info, for the access log) and nohostname, with commas between " \
	"them. The master sends the messages on; what the server does not take is lost, and " \
	"counted.\n\n" \
	"    error_log syslog:server=unix:/dev/log,facility=daemon warn;\n\n" \
	"memory: the last lines stay in memory of this size, from 1k to 16m, that all " \
	"processes share; new lines replace the oldest. Nothing is written to a disk, so a " \
	"busy server can keep its messages of level info or debug. `skua status --log` prints " \
	"the lines. A reload keeps them if the size stays the same; an upgrade and the end of " \
	"the server do not. Directives with the same size share the memory.\n\n" \
	"    error_log logs/error.log;\n" \
	"    error_log memory:4m debug;\n\n" \
	"With json each line is an object with the members time, level, pid, connection and " \
	"message, and client, server, request, host and request_id if it is about a request.\n\n" \
	"    error_log logs/error.json warn json;\n\n" \
	"A symbolic link on the way to a file is followed if the directory that it lies in " \
	"belongs to root or to the user who starts the server; where others may write to that" \
	" directory, the link has to belong to one of the two as well. Otherwise the owner of" \
	" a log directory could make root write into any file. A file without a link may lie " \
	"in anybody's directory, unless it has a second name (a hard link). While nobody " \
	"reads a named pipe, it keeps as many lines as fit; further lines are lost and " \
	"counted."

const struct module logs_module = {
	.name = "error_log",
	.summary = "where errors are written",
	.conf_size = sizeof(struct logs_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("error_log", IN_MAIN | IN_ANY_HTTP, set_error_log,
			"file | stderr | syslog:server=address[,parameter=value] | memory:size "
			"[debug | info | notice | warn | error | crit | alert | emerg] [json]",
			ERROR_LOG_DOC, .flags = LIST, .min_args = 1, .max_args = MANY_ARGS),
		{ 0 }
	},
};
