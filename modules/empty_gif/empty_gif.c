/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers with a transparent image of one pixel.
 *
 *     location = /pixel.gif { empty_gif; }
 */
#include <module.h>

struct empty_gif_conf {
	bool is_on;
};

/* GIF89a, 1 x 1, a palette of two colours of which the second is transparent. */
static const char image[] = {
	'G',  'I',  'F',  '8',	'9',  'a',  0x01, 0x00, 0x01, 0x00, (char)0x80,
	0x01, 0x00, 0x00, 0x00, 0x00, (char)0xff, (char)0xff, (char)0xff,
	'!',  (char)0xf9, 0x04, 0x01, 0x00, 0x00, 0x01, 0x00,
	',',  0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00,
	0x02, 0x02, 0x4c, 0x01, 0x00,
	';',
};

/* 28 September 1970, as in nginx. */
#define LAST_CHANGE 23349600

static int set_empty_gif(struct conf_call *call)
{
	struct empty_gif_conf *conf = call->data;

	conf->is_on = true;
	return 0;
}

static verdict empty_gif_content(struct request *req, const void *conf)
{
	verdict refused = request_only_reads(req);

	(void)conf;
	if (refused != PASS)
		return refused;
	req->response.last_modified = LAST_CHANGE;
	return respond_bytes(req, 200, STR("image/gif"), (struct str){ image, sizeof(image) });
}

const struct module empty_gif_module = {
	.name = "empty_gif",
	.summary = "answers with a transparent image of one pixel",
	.conf_size = sizeof(struct empty_gif_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("empty_gif", IN_LOCATION, set_empty_gif, "",
			      "Answers GET and HEAD in this location with a transparent GIF of one "
			      "pixel, from memory.\n\n"
			      "    location = /pixel.gif {\n"
			      "        empty_gif;\n"
			      "    }",
			      FIELD_AT(struct empty_gif_conf, is_on), .flags = LOCAL),
		{ 0 }
	},
	.on[PHASE_CONTENT] = empty_gif_content,
	.if_configured = true,
};
