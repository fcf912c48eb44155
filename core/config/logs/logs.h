/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which log files a configuration wants, and the directive error_log. Nothing
 * is opened while a configuration is read: files are noted here, the master
 * opens them (process/server/logfiles.c) and its children inherit the descriptors.
 * A descriptor keeps its number as long as the configuration lives; reopening
 * puts another file behind it.
 */
#ifndef SKUA_CONFIG_LOGS_H
#define SKUA_CONFIG_LOGS_H

#include <conf.h>
#include <log.h>

struct conf_word;
struct module;
struct syslog_relay;

/* A log file of a configuration in the list of all. */
struct log_entry {
	struct log_file file; /* first: a pointer to it is one to the whole */
	struct conf_place place; /* of the first directive that names it; .file NULL: none */
	struct syslog_relay *relay; /* NULL: it is a file, or not open */
	int reader; /* read end of a named pipe, so that lines can wait in it; or -1 */
	struct log_entry *next;
	struct log_entry *next_reader; /* among those of all configurations that have one */
};

/* One error_log directive; its descriptor is that of the file. */
struct error_log {
	struct log log; /* first: a pointer to it is one to the whole */
	const struct log_file *file;
	struct error_log *next; /* in the list of all */
};

struct logs {
	struct log_entry *files; /* in the order in which they were noted first */
	struct error_log *errors;
	const struct log *main; /* where nobody has written error_log */
};

/* The struct of the module below in a scope: where its errors go. */
struct logs_conf {
	const struct log *log; /* NULL: nobody has written error_log; log_process */
	const struct conf_scope *scope; /* whose directives made the list */
};

extern const struct module logs_module;

/* The files and error logs of a configuration. */
struct logs *logs_of(struct conf *conf);

/*
 * Notes a file (a full path), or finds it when it was noted before: one
 * descriptor per path.
 */
struct log_file *logs_note(struct conf *conf, struct str path);

/* Reads "syslog:server=…"; in the configuration's pool. NULL after the error was reported. */
const struct log_syslog *syslog_parse(struct conf_call *call, const struct conf_word *word);

/* Notes an error log that no directive names: the default one. */
const struct log *logs_add_error(struct conf *conf, struct log_file *file, enum log_level level);

/* Gives each error log the descriptor of its file; call it after the files were opened. */
void logs_connect(struct logs *logs);

/* The log of the main level; NULL if there is no error_log there and none was set. */
const struct log *logs_main(struct conf *conf);

/* Whether that log writes to standard error, among others. */
bool logs_main_is_stderr(struct conf *conf);

/* Sets the log for a main level without error_log. */
void logs_set_main(struct conf *conf, const struct log *log);

#endif
