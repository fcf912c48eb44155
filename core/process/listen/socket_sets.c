/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/listen/socket_sets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/address.h"
#include "process/listen/sockets.h"

struct socket_sets socket_sets;

struct socket_set *socket_set_find(const struct listener *listener)
{
	for (struct socket_set *set = socket_sets.first; set; set = set->next)
		if (listener_same(&set->address, listener))
			return set;
	return NULL;
}

struct socket_set *socket_set_add(const struct listener *listener)
{
	struct socket_set *set = calloc(1, sizeof(*set));
	char *text = malloc(listener->text.len + 1);

	if (!set || !text) {
		free(set);
		free(text);
		return NULL;
	}
	memcpy(text, listener->text.data, listener->text.len);
	text[listener->text.len] = '\0';
	set->address.address = listener->address;
	set->address.address_len = listener->address_len;
	set->address.text = (struct str){ text, listener->text.len };
	set->id = ++socket_sets.last_id;
	set->is_new = true;
	set->next = socket_sets.first;
	socket_sets.first = set;
	return set;
}

int socket_set_append(struct socket_set *set, int fd)
{
	int *fds = realloc(set->fds, sizeof(*fds) * (size_t)(set->count + 1));

	if (!fds)
		return -ENOMEM;
	set->fds = fds;
	set->fds[set->count++] = fd;
	return 0;
}

void socket_set_close_from(struct socket_set *set, int first)
{
	while (set->count > first)
		close(set->fds[--set->count]);
}

void socket_set_take_out(struct socket_set **list, struct socket_set *set)
{
	while (*list != set)
		list = &(*list)->next;
	*list = set->next;
}

void socket_set_release(struct socket_set *set)
{
	socket_set_close_from(set, 0);
	free(set->fds);
	free(set->lender);
	free((char *)set->address.text.data);
	free(set);
}

void socket_set_destroy(struct socket_set *set, bool with_file)
{
	socket_set_take_out(&socket_sets.first, set);
	if (with_file)
		socket_set_remove_file(set);
	socket_set_release(set);
}

void socket_set_remove_file(const struct socket_set *set)
{
	const struct sockaddr_un *un = &set->address.address.un;

	if (!socket_set_is_shared(set) && !set->lender && un->sun_family == AF_UNIX &&
	    un->sun_path[0])
		unlink(un->sun_path);
}

bool socket_set_is_shared(const struct socket_set *set)
{
	return socket_sets.listens_elsewhere && socket_sets.listens_elsewhere(set->id);
}

void socket_set_share_port(struct socket_set *set, bool share)
{
	for (int i = 0; i < set->count; i++)
		socket_share(set->fds[i], &set->address, share);
}

/* --- addresses and listeners ------------------------------------------------------- */

bool listener_covers(const struct listener *listener, const struct listener *other)
{
	const union address *all = &listener->address, *one = &other->address;

	return all->any.sa_family == one->any.sa_family && address_same_port(all, one) &&
	       address_is_any(all) && !address_is_any(one);
}

bool socket_set_is_named(const struct socket_set *set, const struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (listener_same(&set->address, &listeners->items[i]))
			return true;
	return false;
}

struct listener *socket_set_cover(const struct socket_set *set, const struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (listener_covers(&listeners->items[i], &set->address))
			return set->lender || socket_set_is_named(set, listeners) ?
				       NULL :
				       &listeners->items[i];
	return NULL;
}

bool socket_set_is_wanted(const struct socket_set *set, const struct listeners *listeners)
{
	return socket_set_is_named(set, listeners) || socket_set_cover(set, listeners);
}
