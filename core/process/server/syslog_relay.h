/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of log lines to syslog. Workers open no sockets, and get none by which they could
 * send to other addresses: they write messages to one end of a pair of sockets, and the process
 * that started them sends each on.
 */
#ifndef SKUA_PROCESS_SERVER_SYSLOG_RELAY_H
#define SKUA_PROCESS_SERVER_SYSLOG_RELAY_H

struct log_entry;
struct syslog_relay;

/* Makes the pair: its one end is entry->file.fd. 0 and entry->relay, or -errno. */
int syslog_relay_open(struct log_entry *entry);

/* Begins to send messages on, as soon as there is a loop; calling it again has no effect. */
void syslog_relay_watch(struct syslog_relay *relay);

/* Connects to the server again with the next message, which may be another one by now. */
void syslog_relay_reconnect(struct syslog_relay *relay);

/* Sends what is waiting, and closes all but entry->file.fd. NULL is fine. */
void syslog_relay_close(struct syslog_relay *relay);

#endif
