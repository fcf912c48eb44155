/* SPDX-License-Identifier: BSD-2-Clause */
/*
 *     worker_priority     -5;
 *     worker_cpu_affinity 0001 0010 0100 1000;
 *     worker_cpu_affinity auto;
 *     env                 OPENSSL_CONF=/etc/skua/openssl.cnf;
 */
#include "process/server/worker_conf.h"

#include <log.h>
#include <sched.h>
#include <sys/resource.h>

#include "process/os/environment.h"
#include "process/server/main_conf.h"

static struct worker_conf *conf_of(const struct conf_call *call)
{
	return &((struct main_conf *)call->data)->worker;
}

struct cpu_masks {
	bool is_auto; /* each worker gets one CPU of the mask, or of all that there are */
	size_t count;
	cpu_set_t sets[];
};

/* --- configuration ---------------------------------------------------------- */

int worker_set_priority(struct conf_call *call)
{
	struct worker_conf *conf = conf_of(call);
	struct conf_word word = call->node->args[0];

	if (str_starts(word.text, STR("+")))
		word.text = str_skip(word.text, 1);
	return conf_parse_int(call, &word, -20, 20, &conf->priority);
}

/* "0101": CPUs 0 and 2. The last digit is the first CPU. */
static int parse_mask(struct conf_call *call, const struct conf_word *word, cpu_set_t *out)
{
	struct str digits = word->text;

	CPU_ZERO(out);
	if (digits.len > CPU_SETSIZE)
		return conf_error(call, word, "a mask has at most %d digits", CPU_SETSIZE);
	for (size_t i = 0; i < digits.len; i++) {
		char digit = digits.data[digits.len - 1 - i];

		if (digit != '0' && digit != '1')
			return conf_error(call, word,
					  "\"%.*s\" is not a mask of CPUs\n"
					  "expected digits 0 and 1, one for each CPU, or auto",
					  STR_ARG(digits));
		if (digit == '1')
			CPU_SET(i, out);
	}
	if (CPU_COUNT(out) == 0)
		return conf_error(call, word, "this mask has no CPU");
	return 0;
}

int worker_set_cpus(struct conf_call *call)
{
	struct worker_conf *conf = conf_of(call);
	const struct conf_word *args = call->node->args;
	bool is_auto = conf_word_is(&args[0], "auto");
	size_t count = call->node->nargs - is_auto;
	struct cpu_masks *masks =
		pool_zalloc(call->pool, sizeof(*masks) + count * sizeof(masks->sets[0]));

	if (is_auto && count > 1)
		return conf_error(call, &args[2], "one mask may follow \"auto\"");
	masks->is_auto = is_auto;
	masks->count = count;
	for (size_t i = 0; i < count; i++)
		if (parse_mask(call, &args[i + is_auto], &masks->sets[i]) < 0)
			return -EINVAL;
	conf->cpus = masks;
	return 0;
}

int worker_set_env(struct conf_call *call)
{
	struct worker_conf *conf = conf_of(call);
	struct str value = call->node->args[0].text, name = str_split(&value, '=');
	bool has_value = name.len < call->node->args[0].text.len;

	if (str_empty(name))
		return conf_error(call, &call->node->args[0],
				  "the name of the variable is missing\n"
				  "expected NAME or NAME=value");
	conf->environment = pool_grow(call->pool, conf->environment, conf->environment_count,
				      &conf->environment_capacity, sizeof(*conf->environment));
	conf->environment[conf->environment_count++] = (struct environment_entry){
		.name = name,
		.text = has_value ? name.data : NULL,
	};
	return 0;
}

void worker_conf_check(struct conf_call *call, const struct worker_conf *conf, int64_t workers)
{
	const struct cpu_masks *masks = conf->cpus;

	if (masks && !masks->is_auto && (int64_t)masks->count != workers)
		conf_warn(call, NULL,
			  "worker_cpu_affinity has %zu mask%s, and there are %lld workers: %s",
			  masks->count, masks->count == 1 ? "" : "s", (long long)workers,
			  (int64_t)masks->count < workers ? "the rest gets the last one" :
							    "some are not used");
}

/* --- in the process --------------------------------------------------------- */

/* The CPU of this worker: the workers get the CPUs of the set in turn. */
static cpu_set_t one_of(const cpu_set_t *set, int index)
{
	int count = CPU_COUNT(set), wanted = count ? index % count : 0;
	cpu_set_t one;

	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, set) && wanted-- == 0)
			CPU_SET(cpu, &one);
	return one;
}

static void bind_to_cpus(const struct cpu_masks *masks, int index)
{
	size_t last = masks->count ? masks->count - 1 : 0;
	cpu_set_t set, allowed;

	if (!masks->is_auto) {
		set = masks->sets[(size_t)index < last ? (size_t)index : last];
	} else {
		/* In a container this may be fewer CPUs than the machine has. */
		if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
			CPU_ZERO(&allowed);
		if (masks->count)
			CPU_AND(&allowed, &allowed, &masks->sets[0]);
		set = one_of(&allowed, index);
	}
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		log_warn("worker_cpu_affinity: worker %d cannot be bound to its CPUs and runs on "
			 "all of them",
			 index);
}

void worker_conf_apply(const struct worker_conf *conf, int index)
{
	environment_keep(conf->environment, conf->environment_count);
	if (index < 0)
		return;
	if (conf->priority && setpriority(PRIO_PROCESS, 0, (int)conf->priority) < 0)
		log_warn("worker_priority: worker %d cannot have the priority %d and keeps its own",
			 index, (int)conf->priority);
	if (conf->cpus)
		bind_to_cpus(conf->cpus, index);
}
