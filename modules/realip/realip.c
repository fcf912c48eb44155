/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes the address of the client from a trusted proxy:
 *
 *     set_real_ip_from  10.0.0.0/8;
 *     set_real_ip_from  unix:;
 *     real_ip_header    X-Forwarded-For;
 *     real_ip_recursive on;
 *
 * The address is replaced at most once in a request: by the settings of the server, before the
 * location is searched for, or else by those of the location, before its access rules.
 */
#include <module.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

/* The proxies that a block trusts. A block that names none inherits them. */
struct trusted {
	const struct conf_scope *scope; /* the block */
	struct networks networks;
};

struct realip_conf {
	struct trusted *trusted; /* NULL: none */
	struct str header;
	const struct template *addr, *port; /* of `real_ip_header proxy_protocol`; else NULL */
	bool recursive;
};

struct client {
	struct ip ip;
	int port;
};

/* --- from text ----------------------------------------------------------------------- */

static bool parse_port(struct str text, int *out)
{
	uint64_t port;

	if (str_to_u64(text, 65535, &port) < 0 || port == 0)
		return false;
	*out = (int)port;
	return true;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80" */
static bool parse_client(struct str text, struct client *out)
{
	ssize_t colon = str_rchr(text, ':');
	struct str address = str_head(text, colon < 0 ? 0 : (size_t)colon);
	bool is_bracketed = str_starts(address, STR("[")) && str_ends(address, STR("]"));

	out->port = 0;
	if (ip_parse(text, &out->ip))
		return true;
	if (is_bracketed)
		address = str_skip(str_head(address, address.len - 1), 1);
	return ip_parse(address, &out->ip) && (is_bracketed || out->ip.len == 4) &&
	       parse_port(str_skip(text, (size_t)colon + 1), &out->port);
}

/* Cuts the last element off a list that is separated by blanks and commas. */
static struct str cut_last(struct str *list)
{
	size_t end = list->len, begin;

	while (end > 0 && (list->data[end - 1] == ' ' || list->data[end - 1] == ','))
		end--;
	begin = end;
	while (begin > 0 && list->data[begin - 1] != ' ' && list->data[begin - 1] != ',')
		begin--;
	list->len = begin;
	return str_range(list->data + begin, list->data + end);
}

/* --- who it is ----------------------------------------------------------------------- */

/*
 * The search for the client. Each step takes the next address in the list, if the current one
 * belongs to a trusted proxy.
 */
struct search {
	const struct realip_conf *conf;
	struct client client;
	bool is_found; /* `client` is set; otherwise the current address is the peer */
};

static bool is_trusted(const struct search *search, const struct request *req)
{
	struct str address = search->is_found ? ip_bytes(&search->client.ip) :
						request_peer_address(req);
	int value;

	return networks_find(&search->conf->trusted->networks, address, &value);
}

/*
 * Goes through the list from its end. False: the search ends here, and earlier fields are not read.
 */
static bool walk_list(struct search *search, const struct request *req, struct str list)
{
	do {
		struct client next;

		if (!is_trusted(search, req) || !parse_client(cut_last(&list), &next))
			return false;
		search->client = next;
		search->is_found = true;
		if (!search->conf->recursive)
			return false;
	} while (!str_empty(list));
	return true;
}

/*
 * Proxies add to the last field of this name, or add a field after it: the last field is read
 * first.
 */
static void walk_fields(struct search *search, struct request *req, struct str name)
{
	const struct header *field;
	size_t count = 0;

	for (field = req->headers; field; field = field->next)
		count += str_eq_nocase(field->name, name);

	struct str *values = pool_array(req->pool, struct str, count);
	size_t at = 0;

	for (field = req->headers; field; field = field->next)
		if (str_eq_nocase(field->name, name))
			values[at++] = field->value;
	while (at > 0 && walk_list(search, req, values[at - 1]))
		at--;
}

static void search_client(struct search *search, struct request *req)
{
	const struct realip_conf *conf = search->conf;
	const struct header *field;
	int port;

	if (conf->addr) {
		walk_list(search, req, template_text(req, conf->addr));
		if (search->is_found && parse_port(template_text(req, conf->port), &port))
			search->client.port = port;
	} else if (str_eq_nocase(conf->header, STR("X-Forwarded-For"))) {
		walk_fields(search, req, conf->header);
	} else if ((field = request_header(req, conf->header)) != NULL) {
		walk_list(search, req, field->value);
	}
}

static verdict replace_address(struct request *req, const void *data)
{
	struct search search = { .conf = data };

	if (!search.conf->trusted || request_address_is_set(req) || !is_trusted(&search, req))
		return PASS;
	search_client(&search, req);
	if (search.is_found)
		request_set_address(req, &search.client.ip, search.client.port);
	return PASS;
}

/* --- variables ----------------------------------------------------------------------- */

static bool get_remote_addr(struct request *req, struct str rest, const void *conf,
			    struct str *out)
{
	(void)rest, (void)conf;
	*out = ip_text(req->pool, request_peer_address(req));
	return true;
}

static bool get_remote_port(struct request *req, struct str rest, const void *conf,
			    struct str *out)
{
	int port = request_peer_port(req);
	char *text = pool_alloc(req->pool, 20);

	(void)rest, (void)conf;
	*out = port ? str_range(text, str_put_u64(text, (uint64_t)port)) : STR("");
	return true;
}

/* --- the configuration --------------------------------------------------------------- */

static void trust(struct conf_call *call, const struct network *network)
{
	struct realip_conf *conf = call->data;

	if (!conf->trusted || conf->trusted->scope != call->scope) {
		conf->trusted = pool_new(call->pool, struct trusted);
		conf->trusted->scope = call->scope;
	}
	networks_add(&conf->trusted->networks, call->pool, network, 0);
}

/*
 * Whether the word looks like the name of a host and not like an address with a mistake, such as
 * 1.2.3 or 0x7f, which getaddrinfo(3) would also take.
 */
static bool is_host_name(const struct conf_word *word)
{
	struct str text = word->text, last = str_skip(text, (size_t)(str_rchr(text, '.') + 1));
	struct in_addr address;
	bool has_letter = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = ascii_lower(text.data[i]);
		bool is_letter = c >= 'a' && c <= 'z';

		if (!is_letter && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_')
			return false;
		has_letter = has_letter || (is_letter && text.data + i >= last.data);
	}
	return has_letter && !inet_aton(text.data, &address);
}

/* As in nginx, all addresses that the name has now are trusted, until the next reload. */
static int trust_host(struct conf_call *call, const struct conf_word *word)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int error = getaddrinfo(word->text.data, NULL, &hints, &found);

	if (error)
		return conf_error(call, word,
				  "the host \"%.*s\" was not found: %s\n"
				  "write its addresses, or make the name known to this machine "
				  "(/etc/hosts, DNS) before the server starts",
				  STR_ARG(word->text), gai_strerror(error));
	for (const struct addrinfo *one = found; one; one = one->ai_next) {
		struct network network = { .kind = NETWORK_IP };
		const void *bytes = NULL;

		if (one->ai_family == AF_INET) {
			network.ip.len = 4;
			bytes = &((const struct sockaddr_in *)one->ai_addr)->sin_addr;
		} else if (one->ai_family == AF_INET6) {
			network.ip.len = 16;
			bytes = &((const struct sockaddr_in6 *)one->ai_addr)->sin6_addr;
		}
		if (!bytes)
			continue;
		memcpy(network.ip.bytes, bytes, network.ip.len);
		network.bits = (unsigned)network.ip.len * 8;
		trust(call, &network);
	}
	freeaddrinfo(found);
	return 0;
}

static int set_from(struct conf_call *call)
{
	const struct conf_word *word = &call->node->args[0];
	struct network network;

	if (network_parse(word->text, &network) == NETWORK_NO_ADDRESS && is_host_name(word))
		return trust_host(call, word);
	if (conf_parse_network(call, word, NETWORK_IP | NETWORK_UNIX, &network) < 0)
		return -EINVAL;
	trust(call, &network);
	return 0;
}

/*
 * `proxy_protocol` takes the address and the port from the variables of the module proxy_protocol.
 */
static int set_header(struct conf_call *call)
{
	struct realip_conf *conf = call->data;
	struct conf_word word = call->node->args[0];

	conf->addr = conf->port = NULL;
	if (!conf_word_is(&word, "proxy_protocol")) {
		if (is_token(word.text))
			return 0;
		return conf_error(call, &word, "\"%.*s\" is not the name of a field\n"
				  "expected X-Real-IP, X-Forwarded-For, another name, or "
				  "proxy_protocol", STR_ARG(word.text));
	}
	word.text = STR("$proxy_protocol_addr");
	if (conf_parse_template(call, &word, &conf->addr) < 0)
		return -EINVAL;
	word.text = STR("$proxy_protocol_port");
	return conf_parse_template(call, &word, &conf->port);
}

const struct module realip_module = {
	.name = "realip",
	.summary = "takes the client's address from trusted proxies",
	.conf_size = sizeof(struct realip_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("set_real_ip_from", IN_ANY_HTTP, set_from,
			      "address | network/bits | host | unix:",
			      "A trusted proxy. The address that it reports (real_ip_header) "
			      "becomes the client's address for access rules, variables and "
			      "logs. The addresses of a host are looked up at the start and at "
			      "each reload. A block that names proxies inherits none from the "
			      "enclosing block. Name only proxies that replace the field or add "
			      "to it, since clients can send the field as well.\n\n"
			      "    set_real_ip_from 10.0.0.0/8;\n"
			      "    set_real_ip_from unix:;",
			      .flags = REPEAT, .min_args = 1),
		DIRECTIVE("real_ip_header", IN_ANY_HTTP, struct realip_conf, header,
			  "field | X-Real-IP | X-Forwarded-For | proxy_protocol",
			  "The field of the request in which a trusted proxy reports the "
			  "client's address. With proxy_protocol, the address is taken from the "
			  "PROXY header of the connection (`listen ... proxy_protocol`). If "
			  "there are several addresses, the last one is used; a port may follow "
			  "it (192.0.2.1:4321). A text that is not an address is ignored.\n\n"
			  "    set_real_ip_from 10.0.0.0/8;\n"
			  "    real_ip_header   X-Forwarded-For;",
			  .initial = "X-Real-IP", .set = set_header),
		DIRECTIVE("real_ip_recursive", IN_ANY_HTTP, struct realip_conf, recursive,
			  "on | off",
			  "With on, the last address that does not belong to a trusted proxy is "
			  "the client's. Each proxy in a chain adds the address of its own "
			  "client, so the list is read from its end.\n\n"
			  "    real_ip_recursive on;",
			  .initial = "off"),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "realip_remote_addr", get_remote_addr,
		  "The address of the peer of the connection, which may be a proxy.\n\n"
		  "    log_format proxies \"$remote_addr by $realip_remote_addr\";",
		  VARIABLE_PLAIN },
		{ "realip_remote_port", get_remote_port,
		  "The port of the peer of the connection.\n\n"
		  "    log_format proxies \"$realip_remote_addr:$realip_remote_port\";",
		  VARIABLE_PLAIN },
		{ 0 }
	},
	.on[PHASE_POST_READ] = replace_address,
	.on[PHASE_PREACCESS] = replace_address,
	.if_configured = true,
};
