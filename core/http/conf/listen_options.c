/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/conf/listen_options.h"

#include "config/known/known.h"
#include "config/modules.h"
#include "http/conf/http_conf.h"
#include "net/preface.h"
#include "net/transport.h"

static int set_backlog(struct conf_call *call, const struct conf_word *word, struct str value,
		       struct listen_options *options)
{
	uint64_t number;

	if (str_to_u64(value, INT_MAX, &number) < 0 || number == 0)
		return conf_error(call, word,
				  "invalid backlog \"%.*s\"\nexpected 1 or more connections",
				  STR_ARG(value));
	options->listener->backlog = (int)number;
	return 0;
}

static int set_fastopen(struct conf_call *call, const struct conf_word *word, struct str value,
			struct listen_options *options)
{
	uint64_t number;

	if (str_to_u64(value, INT_MAX, &number) < 0)
		return conf_error(call, word,
				  "invalid fastopen \"%.*s\"\nexpected a number of connections, "
				  "or 0 for none",
				  STR_ARG(value));
	options->listener->fastopen = (int)number;
	return 0;
}

static int parse_buffer(struct conf_call *call, const struct conf_word *word, struct str value,
			int *out)
{
	struct conf_word size_word = *word;
	struct size size = { 0 };

	size_word.text = value;
	if (conf_parse_size(call, &size_word, &size) < 0)
		return -EINVAL;
	if (size.bytes > INT_MAX)
		return conf_error(call, word, "invalid size \"%.*s\"\nexpected less than 2g",
				  STR_ARG(value));
	/* Linux takes the smallest buffer that it has for anything smaller (socket(7)). */
	*out = size.bytes > 0 ? (int)size.bytes : 1;
	return 0;
}

static int set_rcvbuf(struct conf_call *call, const struct conf_word *word, struct str value,
		      struct listen_options *options)
{
	return parse_buffer(call, word, value, &options->listener->rcvbuf);
}

static int set_sndbuf(struct conf_call *call, const struct conf_word *word, struct str value,
		      struct listen_options *options)
{
	return parse_buffer(call, word, value, &options->listener->sndbuf);
}

static int set_ipv6only(struct conf_call *call, const struct conf_word *word, struct str value,
			struct listen_options *options)
{
	struct conf_word switch_word = *word;

	switch_word.text = value;
	return conf_parse_bool(call, &switch_word, &options->listener->ipv6only);
}

static int set_reuseport(struct conf_call *call, const struct conf_word *word, struct str value,
			 struct listen_options *options)
{
	(void)value;
	if (options->listener->address.any.sa_family == AF_UNIX)
		return conf_error(call, word, "a unix socket cannot have \"reuseport\"");
	options->listener->reuseport = true;
	return 0;
}

static int set_multipath(struct conf_call *call, const struct conf_word *word, struct str value,
			 struct listen_options *options)
{
	(void)value;
	if (options->listener->address.any.sa_family == AF_UNIX)
		return conf_error(call, word, "a unix socket cannot have \"multipath\"");
	options->listener->multipath = true;
	return 0;
}

static int set_deferred(struct conf_call *call, const struct conf_word *word, struct str value,
			struct listen_options *options)
{
	(void)call, (void)word, (void)value;
	options->listener->deferred = true;
	return 0;
}

static int set_bind(struct conf_call *call, const struct conf_word *word, struct str value,
		    struct listen_options *options)
{
	(void)call, (void)word, (void)value, (void)options;
	return 0; /* that it is there says it all */
}

/* "on", "off", or "[idle][:[interval][:[count]]]", of which one must be given. */
static int set_keepalive(struct conf_call *call, const struct conf_word *word, struct str value,
			 struct listen_options *options)
{
	struct keepalive_probes *probes = &options->listener->keepalive;
	struct conf_word part = *word;
	struct duration idle = { 0 }, interval = { 0 };
	int64_t count = 0;

	*probes = (struct keepalive_probes){ .mode = KEEPALIVE_ON };
	if (str_eq(value, STR("on")))
		return 0;
	if (str_eq(value, STR("off"))) {
		probes->mode = KEEPALIVE_OFF;
		return 0;
	}

	struct str all = value;

	part.text = str_split(&value, ':');
	if (part.text.len && conf_parse_duration(call, &part, &idle) < 0)
		return -EINVAL;
	part.text = str_split(&value, ':');
	if (part.text.len && conf_parse_duration(call, &part, &interval) < 0)
		return -EINVAL;
	part.text = value;
	if (part.text.len && conf_parse_int(call, &part, 1, 127, &count) < 0)
		return -EINVAL;
	probes->idle_s = (int)(idle.ms / 1000);
	probes->interval_s = (int)(interval.ms / 1000);
	probes->count = (int)count;
	if (!probes->idle_s && !probes->interval_s && !probes->count)
		return conf_error(call, word, "invalid value \"%.*s\" of so_keepalive\n"
				  "expected on, off or [idle]:[interval]:[count]", STR_ARG(all));
	return 0;
}

static const struct {
	const char *name; /* ends in '=' when a value follows */
	int (*set)(struct conf_call *call, const struct conf_word *word, struct str value,
		   struct listen_options *options);
} socket_options[] = {
	{ "backlog=", set_backlog },	{ "rcvbuf=", set_rcvbuf },
	{ "sndbuf=", set_sndbuf },	{ "ipv6only=", set_ipv6only },
	{ "reuseport", set_reuseport }, { "deferred", set_deferred },
	{ "bind", set_bind },		{ "so_keepalive=", set_keepalive },
	{ "fastopen=", set_fastopen },	{ "multipath", set_multipath },
};

/* A parameter that a module adds; NULL: there is none of that name. */
static const struct listen_parameter *find_parameter(struct str name)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct listen_parameter *p = module_at(i)->listen_parameters;

		for (; p && p->name; p++)
			if (str_eq(name, str_from(p->name)))
				return p;
	}
	return NULL;
}

/* The names of the parameters of all modules, for a message: " proxy_protocol,". */
static struct str parameters_text(struct pool *pool)
{
	struct str text = STR("");

	for (size_t i = 0; i < module_count(); i++) {
		const struct listen_parameter *p = module_at(i)->listen_parameters;

		for (; p && p->name; p++)
			text = pool_printf(pool, "%.*s %s,", STR_ARG(text), p->name);
	}
	return text;
}

static int join_preface(struct conf_call *call, const struct conf_word *word,
			const struct preface *preface, const struct preface **out)
{
	if (*out && *out != preface)
		return conf_error(call, word,
				  "connections to an address cannot begin with %s and with %s",
				  (*out)->what, preface->what);
	*out = preface;
	return 0;
}

int listen_join_transport(struct conf_call *call, const struct conf_word *word,
			  const struct transport_type *transport,
			  const struct transport_type **out)
{
	if (*out && *out != transport)
		return conf_error(call, word,
				  "connections to an address cannot be both \"%s\" and \"%s\"",
				  (*out)->name, transport->name);
	*out = transport;
	return 0;
}

/* What a parameter says, or those of a directive, is added to what others have said. */
int listen_join(struct conf_call *call, const struct conf_word *word,
		const struct preface *preface, const struct transport_type *transport,
		const struct preface **all_preface, const struct transport_type **all_transport)
{
	if (preface && join_preface(call, word, preface, all_preface) < 0)
		return -EINVAL;
	return transport ? listen_join_transport(call, word, transport, all_transport) : 0;
}

static int refuse_option(struct conf_call *call, const struct conf_word *word)
{
	const struct known_group *group =
		known_find(known_listen_parameters, word->text, IN_SERVER);

	if (group && group->verdict == KNOWN_HARMLESS)
		return 0;
	if (group)
		return conf_not_supported(call, word, "the parameter \"%.*s\" is not supported\n%s",
					  STR_ARG(word->text), group->reason);
	return conf_error(call, word,
			  "invalid parameter \"%.*s\" of listen\n"
			  "expected default_server,%.*s backlog=, rcvbuf=, sndbuf=, ipv6only=, "
			  "reuseport, deferred, fastopen=, multipath, bind or so_keepalive=",
			  STR_ARG(word->text), STR_ARG(parameters_text(call->pool)));
}

/* Such an address is served by HTTPS over TCP: add_quic() of listen_conf.c. */
static int set_quic(struct conf_call *call, const struct conf_word *word,
		    struct listen_options *options)
{
	const struct listen_parameter *ssl = find_parameter(STR("ssl"));
	struct http *http = http_of(call->conf);

	if (!ssl)
		return refuse_option(call, word);
	if (!http->warned_of_quic)
		conf_warn(call, word,
			  "HTTP/3 is not supported: the address is served by HTTPS over TCP alone\n"
			  "leave out a field Alt-Svc that offers h3, because clients would try it");
	http->warned_of_quic = true;
	options->quic = true;
	options->transport = ssl->transport;
	return 0;
}

int listen_option_parse(struct conf_call *call, const struct conf_word *word,
			struct listen_options *options)
{
	if (conf_word_is(word, "default_server") || conf_word_is(word, "default")) {
		options->default_server = true;
		return 0;
	}
	/* nginx had it before the directive http2. It holds for all servers of the address. */
	if (conf_word_is(word, "http2")) {
		options->http2 = true;
		return http2_check(call, word);
	}
	if (conf_word_is(word, "quic"))
		return set_quic(call, word, options);
	for (size_t i = 0; i < sizeof(socket_options) / sizeof(socket_options[0]); i++) {
		struct str name = str_from(socket_options[i].name);
		bool has_value = name.data[name.len - 1] == '=';

		if (has_value ? !str_starts(word->text, name) : !str_eq(word->text, name))
			continue;
		if (!options->first)
			options->first = word;
		return socket_options[i].set(call, word, str_skip(word->text, name.len), options);
	}

	const struct listen_parameter *parameter = find_parameter(word->text);

	return parameter ? listen_join(call, word, parameter->preface, parameter->transport,
				&options->preface, &options->transport) :
			   refuse_option(call, word);
}
