/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The best form is an attachment of the file version (file.h):
 *
 *     BEST_NEW ── second use ──> BEST_QUEUED ──> BEST_ASKED ──> BEST_THERE
 *        └────────────── try again later ───┴──> BEST_NONE: there will be none
 *
 * A question holds a descriptor of the file, so only ASKED_MAX questions are sent at a time and the
 * others wait in a queue. If the sandbox forbids this process to open the file, the opener is asked
 * for the descriptor first (file/opener.h). There is no best form of a file on a slow file system
 * (file/mounts.h): a call with its descriptor might keep this process or the compressor waiting.
 */
#include "http/coding/best.h"

#include <errno.h>
#include <fcntl.h>
#include <helper.h>
#include <log.h>
#include <pool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <timer.h>
#include <unistd.h>

#include "file/cache.h"
#include "file/entry.h"
#include "file/opener.h"
#include "http/coding/form_key.h"
#include "http/coding/kept.h"

enum {
	ASKED_MAX = 16,
	QUEUED_MAX = 1024,
	RETRY_MS = 2000,
	/* Each death of the compressor, and each refusal of the opener, doubles the wait, up to: */
	FAILURES_MAX = 8,
	/* A form in use says so to the compressor, which drops those that are not. */
	USED_MS = 10 * 1000,
	/* A download that began with the form of the lower level can be resumed so long. */
	DROP_MS = 10 * 1000,
	/*
	 * Sending long forms from a descriptor saves copying them (measured: a tenth of the time
	 * for 30 KiB). The descriptors are limited in number.
	 */
	LONG = 12 << 10,
	FDS_MAX = 256,
};

/* A question to the opener for the descriptor of a file. It may outlive what has asked it. */
struct opening {
	struct file_question question; /* first */
	struct best *best; /* NULL: it has ended */
	char path[];
};

enum best_state { BEST_NEW, BEST_QUEUED, BEST_ASKED, BEST_THERE, BEST_NONE };

struct best {
	struct helper_question question; /* first */
	struct best_form form;
	enum best_state state;
	bool is_used; /* a form of a lower level was used */
	struct file *file; /* it is attached to */
	uint32_t location; /* its number */
	const struct coding_entry *entry;
	int lower_level; /* of the form that this one replaces */
	unsigned failures;
	struct opening *opening; /* NULL: the opener is not being asked */
	int source; /* the descriptor that was sent with the question; or -1 */
	int64_t next_ms; /* BEST_NEW: not asked before; BEST_THERE: its use is reported then */
	struct timer drop; /* drops the form of the lower level */
	struct best *next, **link; /* in the queue; link NULL: not in it */
	char use[1 + sizeof(struct form_key)]; /* the question that reports its use */
};

static struct {
	const struct compress_cache *conf; /* NULL: the compressor is not used */
	struct best *first, **end; /* the queue */
	unsigned queued, asked, fds;
} state = { .end = &state.first };

void best_start(const struct compress_cache *conf)
{
	state.conf = conf->is_on ? conf : NULL;
}

void best_stop(void)
{
	state.conf = NULL;
}

int best_level(const struct file *file, const struct coding_entry *entry, int level)
{
	const struct coding *coding = entry->coding;

	if (!state.conf || !coding->best_level || file->size > (uint64_t)state.conf->input.bytes)
		return 0;

	int best = coding->best_level(file->size);

	return best > level ? best : 0;
}

/* The other keys of this module are those of kept.c, which end with a level of at most 22. */
static uint64_t key_of(const struct coding_entry *entry)
{
	return (uint64_t)(uintptr_t)entry->coding << 8 | 0xff;
}

static struct form_key form_key_of(const struct best *best)
{
	return form_key_make(file_stamp(best->file), best->entry);
}

/* --- the queue --------------------------------------------------------------------- */

static void unlink_queued(struct best *best)
{
	if (!best->link)
		return;
	*best->link = best->next;
	if (best->next)
		best->next->link = best->link;
	else
		state.end = best->link;
	best->link = NULL;
	state.queued--;
}

static void append(struct best *best)
{
	best->state = BEST_QUEUED;
	best->next = NULL;
	best->link = state.end;
	*state.end = best;
	state.end = &best->next;
	state.queued++;
}

/* Ends what it has of ASKED_MAX: the question to the opener, or the descriptor that was sent. */
static void close_source(struct best *best)
{
	struct opening *opening = best->opening;

	if (!opening && best->source < 0)
		return;
	if (opening) {
		opening->best = NULL;
		if (file_opener()->withdraw(&opening->question))
			free(opening);
		best->opening = NULL;
	}
	if (best->source >= 0)
		close(best->source);
	best->source = -1;
	state.asked--;
}

static void retry_later(struct best *best)
{
	best->state = BEST_NEW;
	best->next_ms = clock_ms() + (RETRY_MS << best->failures);
}

static void retry_after_failure(struct best *best)
{
	best->failures += best->failures < FAILURES_MAX;
	retry_later(best);
}

static void on_answer(struct helper_question *question, const struct helper_answer *answer);

static void ask_next(void);

static void ask_compressor(struct best *best, int fd)
{
	best->source = fd;
	counter_add(&compress_module, COMPRESS_ASKED, 1);
	best->question.answered = on_answer;
	helper_ask(&compressor, &best->question, best->entry->coding->name, fd);
}

static void on_opened(struct file_question *question, const struct file_answer *answer)
{
	struct opening *opening = (struct opening *)question;
	struct best *best = opening->best;
	bool is_good = best && answer->error == 0 &&
		       stamp_fits(file_stamp(best->file), answer->fd);

	free(opening);
	if (answer->fd >= 0 && !is_good)
		close(answer->fd);
	if (!best)
		return;
	best->opening = NULL;
	if (is_good) {
		ask_compressor(best, answer->fd);
		return;
	}
	state.asked--;
	retry_after_failure(best);
	ask_next();
}

static void ask_opener(struct best *best)
{
	const struct str path = best->file->path;
	struct opening *opening = heap_alloc(sizeof(*opening) + path.len + 1);

	*opening = (struct opening){
		.question = {
			.query = entry_query((struct file_entry *)best->file),
			.device = file_stamp(best->file)->dev,
			.kind = FILE_OPEN,
			.answered = on_opened,
		},
		.best = best,
	};
	file_question_keep_path(&opening->question, opening->path);
	opening->question.query.location = best->location;
	best->opening = opening;
	file_opener()->ask(&opening->question);
}

static void ask_next(void)
{
	while (state.conf && state.first && state.asked < ASKED_MAX) {
		struct best *best = state.first;
		int fd = entry_reopen((struct file_entry *)best->file);

		unlink_queued(best);
		if (fd == -EMFILE || fd == -ENFILE) {
			retry_later(best);
			return;
		}
		/* The file may only be forbidden to this process. */
		bool by_opener = fd == -EACCES && file_opener() && file_opener()->opens_forbidden;
		best->state = fd < 0 && !by_opener ? BEST_NONE : BEST_ASKED;
		if (best->state == BEST_NONE)
			continue;
		state.asked++;
		if (by_opener)
			ask_opener(best);
		else
			ask_compressor(best, fd);
	}
}

/* --- answers ----------------------------------------------------------------------- */

static void on_drop(void *data)
{
	struct best *best = data;

	if (!kept_drop(best->file, best->entry->coding, best->lower_level))
		timer_start(&best->drop, DROP_MS);
}

static void take_form(struct best *best, const struct helper_answer *answer)
{
	struct form_key expected = form_key_of(best);
	int error = form_map(&expected, answer->payload, answer->fd, &best->form.bytes);

	if (error < 0) {
		best->state = BEST_NONE;
		if (error == -ESTALE)
			return;
		log_alertc(error,
			   "the compressor has given \"%.*s\" another form than it was "
			   "asked for, so it has a defect or was taken over: the form is not used",
			   STR_ARG(best->file->path));
		return;
	}
	/* It happens that a higher level makes more bytes. */
	size_t lower = kept_length(best->file, best->entry->coding, best->lower_level);
	if (lower && lower <= best->form.bytes.len) {
		best->state = BEST_NONE;
		munmap((void *)best->form.bytes.data, best->form.bytes.len);
		best->form.bytes = (struct str){ 0 };
		return;
	}
	best->state = BEST_THERE;
	best->form.level = (int)expected.level;
	if (best->form.bytes.len >= LONG && state.fds < FDS_MAX) {
		best->form.fd = fcntl(answer->fd, F_DUPFD_CLOEXEC, 0);
		state.fds += best->form.fd >= 0;
	}
	best->next_ms = clock_ms() + USED_MS;
	best->drop = (struct timer){ .expired = on_drop, .data = best };
	timer_start(&best->drop, DROP_MS);
	file_attachment_resize(best->file, &compress_module, key_of(best->entry),
			       sizeof(*best) + best->form.bytes.len);
}

static void on_answer(struct helper_question *question, const struct helper_answer *answer)
{
	struct best *best = (struct best *)question;
	struct file *file = best->file;

	/* The cache may drop the file when the attachment grows. */
	file_hold(file);
	close_source(best);
	switch (answer->error) {
	case 0:
		counter_add(&compress_module, COMPRESS_GOT, 1);
		take_form(best, answer);
		break;
	case -ECONNRESET:
		counter_add(&compress_module, COMPRESS_FAILED, 1);
		retry_after_failure(best);
		break;
	case -EAGAIN:
	case -EBUSY:
	case -ENOTCONN:
	case -EMFILE:
	case -ENOMEM:
		counter_add(&compress_module, COMPRESS_FAILED, 1);
		retry_later(best);
		break;
	default:
		best->state = BEST_NONE;
	}
	if (answer->fd >= 0)
		close(answer->fd);
	file_release(file);
	ask_next();
}

static void on_use_reported(struct helper_question *question, const struct helper_answer *answer)
{
	(void)question;
	if (answer->fd >= 0)
		close(answer->fd);
}

static void report_use(struct best *best)
{
	struct form_key key = form_key_of(best);

	best->next_ms = clock_ms() + USED_MS;
	if (best->question.asker || !state.conf)
		return;
	best->use[0] = FORM_USED;
	memcpy(best->use + 1, &key, sizeof(key));
	best->question.answered = on_use_reported;
	helper_ask(&compressor, &best->question, (struct str){ best->use, sizeof(best->use) }, -1);
}

/* --- the attachment ----------------------------------------------------------------- */

static void end(void *value)
{
	struct best *best = value;

	helper_withdraw(&best->question);
	unlink_queued(best);
	close_source(best);
	timer_stop(&best->drop);
	if (best->form.bytes.data)
		munmap((void *)best->form.bytes.data, best->form.bytes.len);
	if (best->form.fd >= 0) {
		close(best->form.fd);
		state.fds--;
	}
	free(best);
}

const struct best_form *best_find(struct file *file, const struct coding_entry *entry, int level)
{
	struct best *best = file_attached(file, &compress_module, key_of(entry));

	if (!best || best->state != BEST_THERE || best->form.level <= level)
		return NULL;
	if (clock_ms() >= best->next_ms)
		report_use(best);
	return &best->form;
}

void best_want(struct file *file, uint32_t location, const struct coding_entry *entry, int level)
{
	struct best *best = file_attached(file, &compress_module, key_of(entry));

	if (best_level(file, entry, level) == 0 || ((struct file_entry *)file)->is_young)
		return;
	if (!best) {
		best = heap_alloc(sizeof(*best));
		*best = (struct best){ .form.fd = -1, .file = file, .entry = entry, .source = -1 };
		file_attach(file, &compress_module, key_of(entry), best, sizeof(*best), end);
	}
	best->lower_level = level;
	best->location = location;
	if (best->state == BEST_NEW && best->is_used && clock_ms() >= best->next_ms &&
	    state.queued < QUEUED_MAX) {
		append(best);
		ask_next();
	}
	best->is_used = true;
}
