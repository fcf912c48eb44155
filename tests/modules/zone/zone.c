/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts requests of all workers: `zone NAME;`. A worker asked for ?die does so midway; asked for
 * ?scribble it writes over the zone and its lock, as one that was taken over could.
 */
#include <module.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

struct zone_conf {
	struct zone *zone;
};

struct counts {
	int begun, ended, recovered;
};

static void init(void *memory, size_t size __attribute__((unused)))
{
	*(struct counts *)memory = (struct counts){ 100, 100, 0 };
}

static void recover(void *memory, size_t size __attribute__((unused)))
{
	((struct counts *)memory)->begun = ((struct counts *)memory)->ended;
	((struct counts *)memory)->recovered++;
}

static verdict zone_content(struct request *req, const void *data)
{
	const struct zone_conf *conf = data;

	if (!conf->zone)
		return PASS;
	struct counts *counts = zone_lock(conf->zone);
	if (str_eq(req->args, STR("scribble"))) {
		uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

		memset((void *)((uintptr_t)counts & ~(page - 1)), 'A', page);
		zone_unlock(conf->zone);
		return respond_text(req, 200, STR("done"));
	}
	counts->begun++;
	if (str_eq(req->args, STR("die")))
		raise(SIGKILL);
	counts->ended++;
	struct str text = pool_printf(req->pool, "%d %d", counts->begun, counts->recovered);
	zone_unlock(conf->zone);
	return respond_text(req, 200, text);
}

static int set_zone(struct conf_call *call)
{
	static const struct zone_ops ops = { .layout = "test-counts-1",
					     .init = init,
					     .recover = recover };
	struct zone_conf *conf = call->data;

	conf->zone = zone_declare(call, call->node->args[0].text, 4096, &ops);
	return conf->zone ? 0 : -1;
}

const struct module zone_module = {
	.name = "zone",
	.summary = "counts in memory that all workers share",
	.conf_size = sizeof(struct zone_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("zone", IN_ANY_HTTP, set_zone, "name", "Counts.", .min_args = 1),
		{ 0 }
	},
	.on[PHASE_CONTENT] = zone_content,
};
