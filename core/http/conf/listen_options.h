/* SPDX-License-Identifier: BSD-2-Clause */
/* The parameters of the directive listen. */
#ifndef SKUA_HTTP_CONF_LISTEN_OPTIONS_H
#define SKUA_HTTP_CONF_LISTEN_OPTIONS_H

#include "http/conf/listen_conf.h"

struct listen_options {
	struct listener *listener;
	bool default_server;
	bool http2;
	bool quic; /* by UDP in nginx */
	/* Of parameters of modules; NULL: none. */
	const struct preface *preface;
	const struct transport_type *transport;
	const struct conf_word *first; /* that concerns the socket; NULL: none */
};

/* Applies one parameter. 0, or -EINVAL after the error was reported at the word. */
int listen_option_parse(struct conf_call *call, const struct conf_word *word,
			struct listen_options *options);

/*
 * What a parameter says about how connections begin, or those of a directive (NULL: nothing), is
 * added to what others have said. 0, or -EINVAL after the error was reported: they differ.
 */
int listen_join(struct conf_call *call, const struct conf_word *word, const struct preface *preface,
		const struct transport_type *transport, const struct preface **all_preface,
		const struct transport_type **all_transport);
int listen_join_transport(struct conf_call *call, const struct conf_word *word,
			  const struct transport_type *transport,
			  const struct transport_type **out);

#endif
