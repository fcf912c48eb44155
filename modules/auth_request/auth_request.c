/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lets another location decide whether a request is allowed: the server makes a subrequest for a
 * URI, and the status of its response decides.
 *
 *     location /private/ {
 *         auth_request     /auth;
 *         auth_request_set $auth_status $status;
 *     }
 *     location = /auth {
 *         internal;
 *         ...
 *     }
 *
 * 2xx allows the request, 401 and 403 refuse it.
 */
#include <module.h>

extern const struct module auth_request_module;

/* auth_request_set */
struct setting {
	const struct variable_slot *variable;
	const struct template *value; /* expanded with the variables of the subrequest */
	struct setting *next;
};

struct settings {
	struct setting *first, *last;
};

struct auth_request_conf {
	struct str uri; /* empty: no subrequest is made */
	struct settings settings;
};

struct auth_request_context {
	struct wakeup *wakeup;
	struct request *sub; /* NULL until the head of its response is known */
};

static void on_head(struct request *sub, void *data)
{
	struct auth_request_context *context = data;

	context->sub = sub;
	wakeup_fire(context->wakeup);
}

static void cancel(void *data)
{
	wakeup_fire(((struct auth_request_context *)data)->wakeup);
}

static verdict auth_request_access(struct request *req, const void *data)
{
	const struct auth_request_conf *conf = data;
	struct auth_request_context *context = request_context(req, &auth_request_module);

	if (str_empty(conf->uri))
		return PASS;
	if (!context->wakeup) {
		context->wakeup = request_wait(req, cancel, context);
		if (!subrequest_start(req, conf->uri, STR(""), on_head, context))
			wakeup_fire(context->wakeup);
		return WAIT;
	}
	if (!context->sub)
		return 500;
	for (const struct setting *set = conf->settings.first; set; set = set->next)
		variable_assign(req, set->variable, template_text(context->sub, set->value));

	int status = context->sub->response.status;

	if (status >= 200 && status < 300)
		return ALLOW;
	if (status == 401 || status == 403)
		return status;
	request_log(req, LEVEL_ERROR, 0, "auth request unexpected status: %d", status);
	return 500;
}

static int set_uri(struct conf_call *call)
{
	struct auth_request_conf *conf = call->data;
	const struct conf_word *word = &call->node->args[0];

	conf->uri = conf_word_is(word, "off") ? STR("") : word->text;
	if (str_starts(word->text, STR("/")) || str_empty(conf->uri))
		return 0;
	return conf_error(call, word,
			  "invalid URI \"%.*s\"\nexpected one that begins with \"/\", or off",
			  STR_ARG(word->text));
}

static int add_setting(struct conf_call *call)
{
	struct settings *settings = &((struct auth_request_conf *)call->data)->settings;
	struct setting *setting = pool_new(call->pool, struct setting);
	struct str name;

	if (conf_parse_variable(call, &call->node->args[0], &name) < 0 ||
	    variable_define(call, name, NULL, NULL, 0) < 0 ||
	    conf_parse_template(call, &call->node->args[1], &setting->value) < 0)
		return -EINVAL;
	setting->variable = variable_slot(call, name);
	if (settings->last)
		settings->last->next = setting;
	else
		settings->first = setting;
	settings->last = setting;
	return 0;
}

const struct module auth_request_module = {
	.name = "auth_request",
	.summary = "lets a subrequest decide whether a request is allowed",
	.conf_size = sizeof(struct auth_request_conf),
	.context_size = sizeof(struct auth_request_context),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("auth_request", IN_ANY_HTTP, set_uri, "uri | off",
			      "Before a request is served, the server makes a subrequest: a GET "
			      "for this URI with the fields of the request. The status of its "
			      "response decides. 2xx allows the request, 401 and 403 refuse it "
			      "with this status, and any other status gives a 500. The access "
			      "rules of the location that responds do not apply.\n\n"
			      "    location /private/ {\n"
			      "        auth_request /auth;\n"
			      "    }\n"
			      "    location = /auth {\n"
			      "        internal;\n"
			      "        return 403;\n"
			      "    }",
			      .initial = "off", .min_args = 1),
		DIRECTIVE_SET("auth_request_set", IN_ANY_HTTP, add_setting, "$variable value",
			      "Sets a variable of the request when the response of the "
			      "auth_request subrequest is known. Variables in the value are "
			      "those of the subrequest.\n\n"
			      "    auth_request     /auth;\n"
			      "    auth_request_set $auth_status $status;\n"
			      "    add_header       X-Auth $auth_status;",
			      FIELD_AT(struct auth_request_conf, settings), .flags = LIST,
			      .min_args = 2),
		{ 0 }
	},
	.on[PHASE_ACCESS] = auth_request_access,
	.if_configured = true,
};
