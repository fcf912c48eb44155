/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may: the client's address against a list of rules. The first rule that
 * fits decides; when none does, the request goes on.
 *
 *     location /private/ {
 *         deny  192.168.1.1;
 *         allow 192.168.1.0/24;
 *         allow 2001:db8::/32;
 *         deny  all;
 *     }
 */
#include <module.h>

#include <arpa/inet.h>

enum fits { FITS_ALL, FITS_UNIX, FITS_NETWORK };

struct rule {
	bool allow;
	enum fits fits;
	unsigned char address[16];
	size_t len; /* of address: 4 or 16 */
	unsigned bits; /* of address that are compared */
};

struct rules {
	const struct conf_scope *scope; /* the block that wrote them */
	struct rule *items;
	size_t count, capacity;
};

struct access_conf {
	struct rules *rules; /* inherited as long as a block writes none of its own */
};

static bool same_network(const struct rule *rule, struct str address)
{
	const unsigned char *bytes = (const unsigned char *)address.data;
	size_t whole = rule->bits / 8;
	unsigned rest = rule->bits % 8;

	if (address.len != rule->len || memcmp(bytes, rule->address, whole) != 0)
		return false;
	return rest == 0 || (bytes[whole] ^ rule->address[whole]) >> (8 - rest) == 0;
}

static bool rule_fits(const struct rule *rule, struct str address)
{
	switch (rule->fits) {
	case FITS_ALL:
		return true;
	case FITS_UNIX:
		return str_empty(address);
	case FITS_NETWORK:
		break;
	}
	return same_network(rule, address);
}

/* A client of an IPv6 socket that speaks IPv4 (::ffff:192.0.2.1) is what it is. */
static struct str unmapped(struct str address)
{
	static const char prefix[12] = { [10] = '\xff', [11] = '\xff' };

	if (address.len == 16 && memcmp(address.data, prefix, sizeof(prefix)) == 0)
		return str_skip(address, sizeof(prefix));
	return address;
}

static verdict access_check(struct request *req, const void *data)
{
	const struct access_conf *conf = data;
	struct str address = unmapped(request_address(req));

	for (size_t i = 0; i < conf->rules->count; i++) {
		const struct rule *rule = &conf->rules->items[i];
		if (!rule_fits(rule, address))
			continue;
		if (rule->allow)
			return ALLOW;
		request_log(req, LEVEL_ERROR, 0, "access forbidden by rule");
		return 403;
	}
	return PASS;
}

/* Clears what the prefix does not cover; false if there was nothing to clear. */
static bool clear_host_bits(struct rule *rule)
{
	bool any = false;

	for (unsigned bit = rule->bits; bit < rule->len * 8; bit++) {
		unsigned char mask = (unsigned char)(0x80 >> bit % 8);
		any = any || (rule->address[bit / 8] & mask);
		rule->address[bit / 8] &= (unsigned char)~mask;
	}
	return any;
}

/* inet_pton() wants a NUL behind the address, where a "/24" may stand. */
static bool parse_address(struct str text, struct rule *rule)
{
	char copy[INET6_ADDRSTRLEN];

	if (text.len >= sizeof(copy))
		return false;
	*str_put(copy, text) = '\0';
	rule->len = 4;
	if (inet_pton(AF_INET, copy, rule->address) == 1)
		return true;
	rule->len = 16;
	return inet_pton(AF_INET6, copy, rule->address) == 1;
}

static int parse_network(struct conf_call *call, const struct conf_word *word, struct rule *rule)
{
	struct str bits = word->text;
	struct str address = str_split(&bits, '/');
	uint64_t count;

	rule->fits = FITS_NETWORK;
	if (!parse_address(address, rule))
		return conf_error(call, word,
				  "\"%.*s\" is not an address\n"
				  "expected one like 192.0.2.1, 192.0.2.0/24, 2001:db8::/32, "
				  "unix: or all",
				  STR_ARG(word->text));
	rule->bits = (unsigned)rule->len * 8;
	if (address.len == word->text.len)
		return 0;
	if (str_to_u64(bits, rule->bits, &count) < 0)
		return conf_error(call, word,
				  "\"%.*s\" is not the length of a network\nexpected 0 to %u",
				  STR_ARG(bits), rule->bits);
	rule->bits = (unsigned)count;
	if (clear_host_bits(rule))
		conf_warn(call, word,
			  "the address has bits behind its /%u, which count for nothing",
			  rule->bits);
	return 0;
}

static struct rules *rules_of_block(struct conf_call *call)
{
	struct access_conf *conf = call->data;

	if (!conf->rules || conf->rules->scope != call->scope) {
		conf->rules = pool_new(call->pool, struct rules);
		conf->rules->scope = call->scope;
	}
	return conf->rules;
}

static int set_rule(struct conf_call *call)
{
	struct rules *rules = rules_of_block(call);
	const struct conf_word *word = &call->node->args[0];
	struct rule rule = { .allow = str_eq(call->node->name.text, STR("allow")) };

	if (str_eq(word->text, STR("all")))
		rule.fits = FITS_ALL;
	else if (str_eq(word->text, STR("unix:")))
		rule.fits = FITS_UNIX;
	else if (parse_network(call, word, &rule) < 0)
		return -EINVAL;

	rules->items = pool_grow(call->pool, rules->items, rules->count, &rules->capacity,
				 sizeof(rule));
	rules->items[rules->count++] = rule;
	return 0;
}

const struct module access_module = {
	.name = "access",
	.summary = "lets clients in, or not, by their address",
	.conf_size = sizeof(struct access_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("allow", IN_ANY_HTTP | IN_LIMIT_EXCEPT, set_rule,
			      "address | network/bits | unix: | all",
			      "Lets clients with this address in. The rules of a block, allow and "
			      "deny, are tried in the order in which they stand; the first that "
			      "fits decides. A block without rules has those of the enclosing "
			      "block.",
			      .flags = REPEAT | ORDERED, .min_args = 1),
		DIRECTIVE_SET("deny", IN_ANY_HTTP | IN_LIMIT_EXCEPT, set_rule,
			      "address | network/bits | unix: | all",
			      "Answers clients with this address with 403. See allow.",
			      .flags = REPEAT | ORDERED, .min_args = 1),
		{ 0 }
	},
	.on[PHASE_ACCESS] = access_check,
	.if_configured = true,
};
