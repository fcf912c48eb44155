/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares the client's address with a list of rules. The first rule that fits
 * allows or refuses the request; if none does, the request goes on.
 *
 *     location /private/ {
 *         deny  192.168.1.1;
 *         allow 192.168.1.0/24;
 *         allow 2001:db8::/32;
 *         deny  all;
 *     }
 */
#include <module.h>

struct rules {
	const struct conf_scope *scope; /* the block that wrote them */
	struct networks networks; /* with what access_check() returns */
};

struct access_conf {
	struct rules *rules; /* inherited as long as a block writes none of its own */
};

static verdict access_check(struct request *req, const void *data)
{
	const struct access_conf *conf = data;
	verdict found = PASS;

	if (networks_find(&conf->rules->networks, request_address(req), &found) && found != ALLOW)
		request_log(req, LEVEL_ERROR, 0, "access forbidden by rule");
	return found;
}

static int set_rule(struct conf_call *call)
{
	struct access_conf *conf = call->data;
	bool is_allow = str_eq(call->node->name.text, STR("allow"));
	struct network network;

	if (conf_parse_network(call, &call->node->args[0],
			       NETWORK_IP | NETWORK_UNIX | NETWORK_ALL, &network) < 0)
		return -EINVAL;
	/* The first rule of a block replaces those that the block has inherited. */
	if (!conf->rules || conf->rules->scope != call->scope) {
		conf->rules = pool_new(call->pool, struct rules);
		conf->rules->scope = call->scope;
	}
	networks_add(&conf->rules->networks, call->pool, &network, is_allow ? ALLOW : 403);
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
			      "block.\n\n"
			      "A client that speaks IPv4 is compared as IPv4, also on a socket "
			      "of IPv6 (::ffff:192.0.2.1): rules of IPv6 such as ::/0 do not fit "
			      "it. A rule that is written so, ::ffff:192.0.2.0/120, is one of "
			      "IPv4.\n\n"
			      "    location /private/ {\n"
			      "        allow 192.0.2.0/24;\n"
			      "        allow unix:;\n"
			      "        deny  all;\n"
			      "    }",
			      .flags = REPEAT, .min_args = 1),
		DIRECTIVE_SET("deny", IN_ANY_HTTP | IN_LIMIT_EXCEPT, set_rule,
			      "address | network/bits | unix: | all",
			      "Answers clients with this address with 403. See allow.\n\n"
			      "    deny 192.0.2.1;",
			      .flags = REPEAT, .min_args = 1),
		{ 0 }
	},
	.on[PHASE_ACCESS] = access_check,
	.if_configured = true,
};
