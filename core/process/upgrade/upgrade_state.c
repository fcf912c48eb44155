/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table has a row for each word, which says how the rest of the line is read. One wrong line
 * makes the whole state invalid, because a socket could be lost with half a state.
 */
#include "process/upgrade/upgrade_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exact.h"
#include "base/memfile.h"

enum { TEXT_MAX = 1 << 20, SLOTS_MAX = 1 << 16 };

static const char *const hows[] = {
	[UPGRADE_INSTEAD] = "instead",
	[UPGRADE_BESIDE] = "beside",
};
static const char *const kinds[] = {
	[PROCESS_WORKER] = "worker",
	[PROCESS_ACCEPTOR] = "acceptor",
};
static const char *const states[] = {
	[PROCESS_WAITING] = "waiting",
	[PROCESS_STARTING] = "starting",
	[PROCESS_RUNNING] = "running",
	[PROCESS_RETIRING] = "retiring",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void state_init(struct upgrade_state *state)
{
	*state = (struct upgrade_state){ .peer = -1, .stats = -1 };
}

void state_finish(struct upgrade_state *state)
{
	free(state->sockets);
	free(state->processes);
	free(state->orphans);
	free(state->zones);
	free(state->kept);
	free(state->modules);
	state_init(state);
}

/*
 * Appends an item to an array whose capacity is `count` rounded up to a power of two. Returns
 * the array, which may have moved; NULL: there is no memory, and the array is as before.
 */
static void *append(void *array, size_t *count, const void *item, size_t size)
{
	bool is_full = (*count & (*count - 1)) == 0;
	char *room = is_full ? realloc(array, (*count ? *count * 2 : 1) * size) : array;

	if (room)
		memcpy(room + (*count)++ * size, item, size);
	return room;
}

#define APPEND(array, count, item)                                     \
	({                                                             \
		void *room = append(array, &(count), item, sizeof(*(item))); \
		if (room)                                              \
			(array) = room;                                \
		room != NULL;                                          \
	})

bool state_add_socket(struct upgrade_state *state, const struct state_socket *socket)
{
	return APPEND(state->sockets, state->sockets_count, socket);
}

bool state_add_process(struct upgrade_state *state, const struct state_process *process)
{
	return APPEND(state->processes, state->processes_count, process);
}

bool state_add_orphan(struct upgrade_state *state, const struct state_orphan *orphan)
{
	return APPEND(state->orphans, state->orphans_count, orphan);
}

bool state_add_zone(struct upgrade_state *state, const struct state_zone *zone)
{
	return APPEND(state->zones, state->zones_count, zone);
}

bool state_add_kept(struct upgrade_state *state, const struct state_kept *kept)
{
	return APPEND(state->kept, state->kept_count, kept);
}

bool state_add_module(struct upgrade_state *state, const struct state_module *module)
{
	return APPEND(state->modules, state->modules_count, module);
}

bool state_add_client(struct upgrade_state *state, int fd)
{
	if (state->clients_count == STATE_CLIENTS)
		return false;
	state->clients[state->clients_count++] = fd;
	return true;
}

/* --- writing ------------------------------------------------------------------ */

static void print_socket(FILE *file, const struct state_socket *socket)
{
	const unsigned char *bytes = (const unsigned char *)&socket->address;

	fprintf(file, "listener %u %d ", socket->id, socket->fd);
	for (socklen_t i = 0; i < socket->address_len; i++)
		fprintf(file, "%02x", bytes[i]);
	fprintf(file, "%s%s\n", socket->lender[0] ? " " : "", socket->lender);
}

static void print(FILE *file, const struct upgrade_state *state)
{
	fprintf(file, "skua-state 1\nhow %s\ngeneration %u\n", hows[state->how], state->generation);
	if (state->peer >= 0)
		fprintf(file, "partner %d\n", state->peer);
	if (state->stats >= 0)
		fprintf(file, "stats %d %zu %u\n", state->stats, state->stats_size,
			state->stats_layout);
	if (state->pid_path[0])
		fprintf(file, "pid %s\n", state->pid_path);
	for (size_t i = 0; i < state->clients_count; i++)
		fprintf(file, "client %d\n", state->clients[i]);
	for (size_t i = 0; i < state->sockets_count; i++)
		print_socket(file, &state->sockets[i]);
	for (size_t i = 0; i < state->processes_count; i++) {
		const struct state_process *process = &state->processes[i];

		fprintf(file, "process %u %s %u %s %d %d %d %d %lld %lld\n", process->slot,
			kinds[process->kind], process->index, states[process->state], process->pid,
			process->channel, process->inbox[0], process->inbox[1],
			(long long)process->started_ms, (long long)process->granted);
	}
	for (size_t i = 0; i < state->orphans_count; i++)
		fprintf(file, "left %d %u\n", state->orphans[i].fd, state->orphans[i].limit);
	for (size_t i = 0; i < state->zones_count; i++) {
		const struct state_zone *zone = &state->zones[i];

		fprintf(file, "zone %d %zu %zu %s %s\n", zone->fd, zone->size, zone->head,
			zone->layout, zone->name);
	}
	for (size_t i = 0; i < state->kept_count; i++)
		fprintf(file, "kept %d %s\n", state->kept[i].fd, state->kept[i].name);
	for (size_t i = 0; i < state->modules_count; i++)
		fprintf(file, "module %d %s\n", state->modules[i].fd, state->modules[i].name);
}

int state_append_socket(int fd, const struct state_socket *socket)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return -errno;
	print_socket(file, socket);
	if (fclose(file) != 0)
		return -ENOMEM;
	int error = lseek(fd, 0, SEEK_END) < 0 ? -errno :
						 write_exactly(fd, (struct str){ text, size });
	free(text);
	return error;
}

int state_write(const struct upgrade_state *state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return -errno;
	print(file, state);
	if (fclose(file) != 0)
		return -ENOMEM;
	int fd = memfile_with("skua state", (struct str){ text, size });
	free(text);
	return fd;
}

/* --- reading ------------------------------------------------------------------ */

/* The next value of a line. */
static struct str next(struct str *line)
{
	return str_split(line, ' ');
}

static bool read_number(struct str *line, uint64_t max, uint64_t *out)
{
	return str_to_u64(next(line), max, out) == 0;
}

/* Reads a descriptor; -1 stands for none. */
static bool read_fd(struct str *line, int *out)
{
	uint64_t number;
	struct str ahead = *line;

	if (str_eq(next(&ahead), STR("-1"))) {
		*line = ahead;
		*out = -1;
		return true;
	}
	if (!read_number(line, INT_MAX, &number))
		return false;
	*out = (int)number;
	return true;
}

/* Reads one of these words; some entries of the table are NULL. */
static bool read_word(struct str *line, const char *const *words, size_t count, int *out)
{
	struct str word = next(line);

	for (size_t i = 0; i < count; i++) {
		if (!words[i] || !str_eq(word, str_from(words[i])))
			continue;
		*out = (int)i;
		return true;
	}
	return false;
}

static bool read_address(struct str *line, struct state_socket *socket)
{
	struct str hex = next(line);
	unsigned char *to = (unsigned char *)&socket->address;

	if (hex.len % 2 || hex.len / 2 > sizeof(socket->address) ||
	    hex.len / 2 < sizeof(socket->address.any.sa_family))
		return false;
	for (size_t i = 0; i < hex.len; i += 2) {
		int high = hex_digit(hex.data[i]), low = hex_digit(hex.data[i + 1]);

		if (high < 0 || low < 0)
			return false;
		*to++ = (unsigned char)(high << 4 | low);
	}
	socket->address_len = (socklen_t)(hex.len / 2);
	return true;
}

static bool read_listener(struct upgrade_state *state, struct str line)
{
	struct state_socket socket = { 0 };
	uint64_t id;

	if (!read_number(&line, UINT32_MAX, &id) || !read_fd(&line, &socket.fd) || socket.fd < 0 ||
	    !read_address(&line, &socket))
		return false;
	/* A name may hold spaces: it is the rest of the line. */
	if (line.len >= sizeof(socket.lender))
		return false;
	*str_put(socket.lender, line) = '\0';
	socket.id = (uint32_t)id;
	return state_add_socket(state, &socket);
}

static bool read_process(struct upgrade_state *state, struct str line)
{
	struct state_process process = { 0 };
	uint64_t slot, index, started, granted;
	int kind, now, pid;

	if (!read_number(&line, SLOTS_MAX, &slot) ||
	    !read_word(&line, kinds, COUNT(kinds), &kind) ||
	    !read_number(&line, SLOTS_MAX, &index) ||
	    !read_word(&line, states, COUNT(states), &now) || !read_fd(&line, &pid) ||
	    !read_fd(&line, &process.channel) || !read_fd(&line, &process.inbox[0]) ||
	    !read_fd(&line, &process.inbox[1]) || !read_number(&line, INT64_MAX, &started) ||
	    pid < 0)
		return false;
	process.slot = (unsigned)slot;
	process.kind = (enum process_kind)kind;
	process.index = (unsigned)index;
	process.state = (enum process_state)now;
	process.pid = pid;
	process.started_ms = (int64_t)started;
	process.granted = read_number(&line, UINT32_MAX, &granted) ? (int64_t)granted : -1;
	return state_add_process(state, &process);
}

static bool read_how(struct upgrade_state *state, struct str line)
{
	int how;

	if (!read_word(&line, hows, COUNT(hows), &how))
		return false;
	state->how = (enum upgrade_how)how;
	return true;
}

static bool read_generation(struct upgrade_state *state, struct str line)
{
	uint64_t number;

	if (!read_number(&line, UINT32_MAX, &number))
		return false;
	state->generation = (unsigned)number;
	return true;
}

static bool read_peer(struct upgrade_state *state, struct str line)
{
	return read_fd(&line, &state->peer);
}

static bool read_client(struct upgrade_state *state, struct str line)
{
	int fd;

	return read_fd(&line, &fd) && fd >= 0 && state_add_client(state, fd);
}

static bool read_orphan(struct upgrade_state *state, struct str line)
{
	struct state_orphan orphan = { .fd = -1 };
	uint64_t limit = UINT32_MAX;

	if (!read_fd(&line, &orphan.fd) || orphan.fd < 0 ||
	    (!str_empty(line) && !read_number(&line, UINT32_MAX, &limit)))
		return false;
	orphan.limit = (uint32_t)limit;
	return state_add_orphan(state, &orphan);
}

static bool read_stats(struct upgrade_state *state, struct str line)
{
	uint64_t size, layout = 0;

	if (!read_fd(&line, &state->stats) || !read_number(&line, INT_MAX, &size) ||
	    (!str_empty(line) && !read_number(&line, UINT32_MAX, &layout)))
		return false;
	state->stats_size = (size_t)size;
	state->stats_layout = (unsigned)layout;
	return true;
}

/* Copies a text into an array of this size, with a NUL. False: it is empty or too long. */
static bool copy_text(char *to, size_t size, struct str text)
{
	if (str_empty(text) || text.len >= size)
		return false;
	*str_put(to, text) = '\0';
	return true;
}

static bool read_zone(struct upgrade_state *state, struct str line)
{
	struct state_zone zone = { 0 };
	uint64_t size, head;

	if (!read_fd(&line, &zone.fd) || zone.fd < 0 || !read_number(&line, SIZE_MAX / 2, &size) ||
	    !read_number(&line, INT_MAX, &head) ||
	    !copy_text(zone.layout, sizeof(zone.layout), next(&line)) ||
	    !copy_text(zone.name, sizeof(zone.name), line))
		return false;
	zone.size = (size_t)size;
	zone.head = (size_t)head;
	return state_add_zone(state, &zone);
}

static bool read_kept(struct upgrade_state *state, struct str line)
{
	struct state_kept kept = { .fd = -1 };

	return read_fd(&line, &kept.fd) && kept.fd >= 0 &&
	       copy_text(kept.name, sizeof(kept.name), line) && state_add_kept(state, &kept);
}

static bool read_module(struct upgrade_state *state, struct str line)
{
	struct state_module module = { .fd = -1 };

	return read_fd(&line, &module.fd) && module.fd >= 0 &&
	       copy_text(module.name, sizeof(module.name), line) &&
	       state_add_module(state, &module);
}

/* A path may hold spaces: it is the whole line. */
static bool read_pid(struct upgrade_state *state, struct str line)
{
	if (line.len >= sizeof(state->pid_path))
		return false;
	*str_put(state->pid_path, line) = '\0';
	return true;
}

static bool read_line(struct upgrade_state *state, struct str line)
{
	static const struct {
		const char *word;
		bool (*read)(struct upgrade_state *state, struct str line);
	} words[] = {
		{ "how", read_how },	       { "generation", read_generation },
		{ "partner", read_peer },   { "stats", read_stats },
		{ "pid", read_pid },	       { "client", read_client },
		{ "listener", read_listener }, { "process", read_process },
		{ "left", read_orphan },
		{ "zone", read_zone },	       { "kept", read_kept },
		{ "module", read_module },
	};
	struct str word = next(&line);

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq(word, str_from(words[i].word)))
			return words[i].read(state, line);
	return true;
}

int state_parse(struct upgrade_state *state, struct str text)
{
	state_init(state);
	if (!str_eq(str_split(&text, '\n'), STR("skua-state 1")))
		return -EBADMSG;
	while (!str_empty(text)) {
		if (read_line(state, str_split(&text, '\n')))
			continue;
		state_finish(state);
		return -EBADMSG;
	}
	return 0;
}

int state_read(struct upgrade_state *state, int fd)
{
	char *text = malloc(TEXT_MAX);
	size_t size = 0;
	ssize_t n;

	if (!text)
		return -ENOMEM;
	while ((n = pread(fd, text + size, TEXT_MAX - size, (off_t)size)) > 0)
		size += (size_t)n;
	int error = n < 0 ? -errno : state_parse(state, (struct str){ text, size });
	free(text);
	return error;
}

static void keep(int fd, bool keep_it)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, keep_it ? FD_CLOEXEC : 0);
}

void state_keep_from_exec(const struct upgrade_state *state, bool keep_it)
{
	keep(state->peer, keep_it);
	keep(state->stats, keep_it);
	for (size_t i = 0; i < state->clients_count; i++)
		keep(state->clients[i], keep_it);
	for (size_t i = 0; i < state->sockets_count; i++)
		keep(state->sockets[i].fd, keep_it);
	for (size_t i = 0; i < state->processes_count; i++) {
		keep(state->processes[i].channel, keep_it);
		keep(state->processes[i].inbox[0], keep_it);
		keep(state->processes[i].inbox[1], keep_it);
	}
	for (size_t i = 0; i < state->orphans_count; i++)
		keep(state->orphans[i].fd, keep_it);
	for (size_t i = 0; i < state->zones_count; i++)
		keep(state->zones[i].fd, keep_it);
	for (size_t i = 0; i < state->kept_count; i++)
		keep(state->kept[i].fd, keep_it);
	for (size_t i = 0; i < state->modules_count; i++)
		keep(state->modules[i].fd, keep_it);
}
