/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables whose values depend on an address, usually the client's.
 *
 *     geo $country {
 *         default        ZZ;
 *         include        countries.conf;
 *         127.0.0.0/8    RU;
 *         2001:db8::/32  DE;
 *         proxy          192.168.100.0/24;
 *     }
 *     geo $arg_ip $site {
 *         ranges;
 *         10.0.0.0-10.0.0.255  office;
 *     }
 */
#include <module.h>

#include <stdlib.h>

#include "ranges.h"

struct geo {
	const struct template *source; /* NULL: the client's address */
	struct networks proxies; /* their X-Forwarded-For is trusted */
	bool is_recursive;
	bool has_ranges; /* `ranges`: addresses of IPv4 only */
	struct geo_steps steps;
};

/* --- which address ---------------------------------------------------------- */

/* Cuts the last element off a list that is separated by blanks and commas. */
static struct str cut_last(struct str *list)
{
	*list = str_trim(*list, " ,");

	size_t begin = list->len;

	while (begin > 0 && list->data[begin - 1] != ' ' && list->data[begin - 1] != ',')
		begin--;

	struct str last = str_skip(*list, begin);

	list->len = begin;
	return last;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80" */
static bool parse_with_port(struct str text, struct ip *out)
{
	ssize_t colon = str_rchr(text, ':');
	struct str address = str_head(text, colon < 0 ? 0 : (size_t)colon);
	bool is_bracketed = str_starts(address, STR("[")) && str_ends(address, STR("]"));
	uint64_t port;

	if (ip_parse(text, out))
		return true;
	if (is_bracketed)
		address = str_skip(str_head(address, address.len - 1), 1);
	return ip_parse(address, out) && (is_bracketed || out->len == 4) &&
	       str_to_u64(str_skip(text, (size_t)colon + 1), 65535, &port) == 0 && port > 0;
}

/* Returns the client's address as the proxies report it. X-Forwarded-For is read from its end. */
static struct str forwarded(struct request *req, const struct geo *geo, struct str address)
{
	struct str list = request_list(req, STR("x-forwarded-for")), next;
	struct ip *ip = pool_new(req->pool, struct ip), found;
	int ignored;

	do {
		if (!networks_find(&geo->proxies, address, &ignored))
			break;
		next = cut_last(&list);
		if (!parse_with_port(next, &found))
			break;
		*ip = found;
		address = ip_bytes(ip);
	} while (geo->is_recursive);
	return address;
}

static geo_address number_for(struct request *req, const struct geo *geo)
{
	struct ip parsed;
	struct str address;

	if (!geo->source)
		address = request_address(req);
	else if (ip_parse(template_text(req, geo->source), &parsed))
		address = ip_bytes(&parsed);
	else
		return geo_number(STR(""));
	if (geo->proxies.count)
		address = forwarded(req, geo, address);
	address = ip_unmapped(address);
	return geo_number(geo->has_ranges && address.len == 16 ? STR("") : address);
}

static bool geo_get(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct geo *geo = data;

	(void)rest;
	*out = geo_find(&geo->steps, number_for(req, geo));
	return true;
}

/* --- configuration ---------------------------------------------------------- */

/* The state while the lines of a block are read. */
struct reading {
	struct geo *geo;
	struct geo_ranges ranges;
	struct str fallback; /* of `default` with `ranges` */
	bool has_fallback;
};

/* Returns the range of all addresses in the network. */
static struct geo_range range_of(const struct network *network)
{
	unsigned bits = network->bits + (network->ip.len == 4 ? 96 : 0);
	geo_address first = geo_number(ip_bytes(&network->ip));
	geo_address rest = bits < 128 ? ~(geo_address)0 >> bits : 0;

	return (struct geo_range){ .first = first, .last = first | rest };
}

static struct geo_range everything(bool is_ipv4)
{
	struct network network = { .kind = NETWORK_IP, .ip.len = is_ipv4 ? 4 : 16 };

	return range_of(&network);
}

static int parse_range(struct conf_call *call, const struct conf_word *word, struct geo_range *out)
{
	struct str end = word->text, begin = str_split(&end, '-');
	struct ip first, last;

	if (!ip_parse(begin, &first) || !ip_parse(end, &last) || first.len != 4 || last.len != 4)
		return conf_error(call, word,
				  "\"%.*s\" is not a range of addresses\n"
				  "expected two of IPv4, as in 192.0.2.0-192.0.2.255",
				  STR_ARG(word->text));
	out->first = geo_number(ip_bytes(&first));
	out->last = geo_number(ip_bytes(&last));
	if (out->first > out->last)
		return conf_error(call, word, "this range ends before it begins");
	return 0;
}

static int set_default(struct conf_call *call, struct reading *reading,
		       const struct conf_node *line)
{
	struct str value = line->args[0].text;

	if (!reading->geo->has_ranges) {
		for (int is_ipv4 = 0; is_ipv4 <= 1; is_ipv4++) {
			struct geo_range range = everything(is_ipv4);

			range.value = value;
			range.word = &line->name;
			geo_ranges_add(&reading->ranges, range);
		}
		return 0;
	}
	if (reading->has_fallback)
		conf_warn(call, &line->name, "the default was \"%.*s\" before",
			  STR_ARG(reading->fallback));
	reading->has_fallback = true;
	reading->fallback = value;
	return 0;
}

static int add_range(struct conf_call *call, struct reading *reading, const struct conf_node *line)
{
	bool is_removal = str_eq(line->name.text, STR("delete"));
	const struct conf_word *word = is_removal ? &line->args[0] : &line->name;
	struct geo_range range = { .first = 0 };
	struct network network;

	if (reading->geo->has_ranges) {
		if (parse_range(call, word, &range) < 0)
			return -EINVAL;
	} else {
		if (conf_parse_network(call, word, NETWORK_IP, &network) < 0)
			return -EINVAL;
		range = range_of(&network);
	}
	range.word = word;
	range.value = line->args[0].text;
	range.is_removal = is_removal;
	geo_ranges_add(&reading->ranges, range);
	return 0;
}

static int add_proxy(struct conf_call *call, struct geo *geo, const struct conf_word *word)
{
	struct network network;

	if (conf_parse_network(call, word, NETWORK_IP, &network) < 0)
		return -EINVAL;
	networks_add(&geo->proxies, call->pool, &network, 0);
	return 0;
}

static int read_line(struct conf_call *call, struct reading *reading, const struct conf_node *line)
{
	struct geo *geo = reading->geo;
	struct str name = line->name.text;

	if (line->nargs == 0 && !line->is_block && str_eq(name, STR("ranges"))) {
		if (reading->ranges.count)
			return conf_error(call, &line->name,
					  "\"ranges\" must stand before the addresses");
		geo->has_ranges = reading->ranges.later_counts = true;
		return 0;
	}
	if (line->nargs == 0 && !line->is_block && str_eq(name, STR("proxy_recursive"))) {
		geo->is_recursive = true;
		return 0;
	}
	if (line->is_block || line->nargs != 1)
		return conf_error(call, &line->name,
				  "a line of geo has an address and a value, as in "
				  "\"192.0.2.0/24 test;\"");
	if (str_eq(name, STR("proxy")))
		return add_proxy(call, geo, &line->args[0]);
	if (str_eq(name, STR("default")))
		return set_default(call, reading, line);
	return add_range(call, reading, line);
}

/* Reads the lines of the block into geo->steps. */
static int read_lines(struct conf_call *call, struct geo *geo)
{
	struct reading reading = { .geo = geo, .fallback = STR("") };
	const struct conf_node *line;
	size_t count = 0;
	int result = 0;

	for (line = call->node->first; line; line = line->next)
		count++;
	/* A default needs two ranges, and one more range is added below. */
	reading.ranges.items = heap_alloc((2 * count + 1) * sizeof(*reading.ranges.items));
	for (line = call->node->first; line; line = line->next)
		if (read_line(call, &reading, line) < 0)
			result = -EINVAL;
	/*
	 * A line for ::/0 applies to IPv6 only: without a default, IPv4 addresses get the empty
	 * value.
	 */
	if (!geo->has_ranges) {
		struct geo_range all = everything(true);

		all.value = STR("");
		geo_ranges_add(&reading.ranges, all);
	}
	if (geo_ranges_flatten(call, &reading.ranges, reading.fallback, &geo->steps) < 0)
		result = -EINVAL;
	free(reading.ranges.items);
	return result;
}

static int set_geo(struct conf_call *call)
{
	const struct conf_node *node = call->node;
	struct geo *geo = pool_new(call->pool, struct geo);
	struct str name;

	if (node->nargs == 2 && conf_parse_template(call, &node->args[0], &geo->source) < 0)
		return -EINVAL;
	if (conf_parse_variable(call, &node->args[node->nargs - 1], &name) < 0)
		return -EINVAL;

	int result = read_lines(call, geo);

	if (variable_define(call, name, geo_get, geo, VARIABLE_LISTED) < 0)
		return -EINVAL;
	for (const struct conf_node *line = node->first; line; line = line->next)
		if (line->nargs == 1 && !str_eq(line->name.text, STR("delete")) &&
		    !str_eq(line->name.text, STR("proxy")))
			variable_value(call, name, line->args[0].text);
	return result;
}

#define GEO_DOC                                                                                   \
	"Defines a variable whose value depends on the client's address, or on the address in " \
	"another variable if that stands first. Each line has a network and a value. If " \
	"several networks contain the address, the smallest one is used; `default` stands for " \
	"0.0.0.0/0 and ::/0. After the line `ranges;` the lines have ranges of IPv4 addresses " \
	"instead of networks (10.0.0.0-10.0.0.255). A range may lie within another one, and is " \
	"used for its addresses. `delete NETWORK;` removes a line above it, and `include " \
	"FILE;` reads lines from a file. Values cannot contain variables.\n\n" \
	"    geo $is_local {\n" \
	"        default      0;\n" \
	"        10.0.0.0/8   1;\n" \
	"        fd00::/8     1;\n" \
	"    }\n" \
	"    access_log logs/access.log combined if=$is_local;\n\n" \
	"`proxy NETWORK;` names trusted proxies. If the client is one of them, the last " \
	"address in X-Forwarded-For is used. With `proxy_recursive;` it is the last address " \
	"there that does not belong to a trusted proxy. A client on a unix socket, a text that " \
	"is not an address and, with `ranges`, an IPv6 address count as 255.255.255.255."

const struct module geo_module = {
	.name = "geo",
	.summary = "defines variables that depend on an address",
	.directives =
		(const struct directive[]){
			DIRECTIVE_SET("geo", IN_HTTP, set_geo,
				      "[$address] $variable { address value; ... }", GEO_DOC,
				      .flags = RAW_BLOCK | REPEAT, .min_args = 1, .max_args = 2),
			{ 0 } },
};
