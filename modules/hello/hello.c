/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers with a line of text. The smallest complete module: copy it.
 *
 *     location /hi { hello "Good morning\n"; }
 */
#include <module.h>

struct hello_conf {
	struct str text;
};

static verdict hello_content(struct request *req, const void *conf)
{
	const struct hello_conf *hello = conf;

	return respond_text(req, 200, hello->text);
}

const struct module hello_module = {
	.name = "hello",
	.summary = "answers with a line of text",
	.conf_size = sizeof(struct hello_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("hello", IN_LOCATION | IN_IF, struct hello_conf, text, "text",
			  "Answers with this text.\n\n    hello \"Hello, world!\";",
			  .flags = LOCAL),
		{ 0 }
	},
	.on[PHASE_CONTENT] = hello_content,
	.if_configured = true,
};
