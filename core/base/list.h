/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Doubly linked lists, whose links lie in the items. The head of a list is a link
 * itself: an empty list is a head that links to itself.
 */
#ifndef SKUA_BASE_LIST_H
#define SKUA_BASE_LIST_H

#include <stddef.h>

struct list {
	struct list *next, *prev;
};

/* The initializer of a head, so that the list is empty. */
#define LIST_EMPTY(head) { &(head), &(head) }

/* The item of type `type` whose member `member` is this link; not for a head. */
#define list_item(link, type, member) ((type *)list_item_at(link, offsetof(type, member)))

static inline void *list_item_at(struct list *link, size_t offset)
{
	return (char *)link - offset;
}

/* Puts a link at the end of a list. The link must not be in a list already. */
static inline void list_append(struct list *head, struct list *link)
{
	link->next = head;
	link->prev = head->prev;
	head->prev->next = link;
	head->prev = link;
}

/*
 * Takes a link out of the list that it is in. The links of the item itself keep their
 * values: they must not be followed afterwards.
 */
static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
}

#endif
