/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log files of a configuration, and the directive error_log. No file is opened while a
 * configuration is read. The files are recorded here, the master opens them
 * (process/server/logfiles.c), and its children inherit the descriptors. A descriptor keeps its
 * number as long as the configuration lives; reopening makes it refer to another file.
 */
#ifndef SKUA_CONFIG_LOGS_H
#define SKUA_CONFIG_LOGS_H

#include <conf.h>
#include <log.h>

struct conf_word;
struct log_ring;
struct module;
struct syslog_relay;

/* A log file of a configuration in the list of all. */
struct log_entry {
	struct log_file file; /* first, so that a pointer to it also points to this struct */
	struct conf_place place; /* of the first directive that names it; .file NULL: none */
	size_t ring_size; /* bytes of memory that keeps the lines; 0: this is a file, or syslog */
	struct log_ring *ring; /* that memory; NULL: not open, or a file, or syslog */
	struct syslog_relay *relay; /* NULL: this is a file, or it is not open */
	int reader; /* our read end of a named pipe, which lets lines wait in the pipe; or -1 */
	struct log_entry *next;
	struct log_entry *next_reader; /* in the list of all entries with a reader */
};

/* One error_log directive; its descriptor is that of the file. */
struct error_log {
	struct log log; /* first, so that a pointer to it also points to this struct */
	const struct log_file *file;
	struct error_log *next; /* in the list of all */
};

struct logs {
	struct log_entry *files; /* in the order in which they were noted first */
	struct error_log *errors;
	const struct log *main; /* the log of blocks without error_log */
};

/* The configuration struct of the module: the error log of a scope. */
struct logs_conf {
	const struct log *log; /* NULL: there is no error_log; log_process is used */
	const struct conf_scope *scope; /* whose directives made the list */
};

extern const struct module logs_module;

/* The files and error logs of a configuration. */
struct logs *logs_of(struct conf *conf);

/*
 * Records a log file by its full path, or returns the entry that the path has already: there is
 * one descriptor per path. The entry lives as long as the configuration.
 */
struct log_file *logs_note(struct conf *conf, struct str path);

/* Parses "syslog:server=…" into the configuration's pool. NULL after reporting an error. */
const struct log_syslog *syslog_parse(struct conf_call *call, const struct conf_word *word);

/* Records the default error log, which no directive names. */
const struct log *logs_add_error(struct conf *conf, struct log_file *file, enum log_level level);

/* Sets descriptor and memory of each error log. To be called after the files were opened. */
void logs_connect(struct logs *logs);

/* The log of the main level; NULL if there is no error_log there and none was set. */
const struct log *logs_main(struct conf *conf);

/* Whether that log writes to standard error, among others. */
bool logs_main_is_stderr(struct conf *conf);

/* Sets the log that is used if the main level has no error_log. */
void logs_set_main(struct conf *conf, const struct log *log);

#endif
