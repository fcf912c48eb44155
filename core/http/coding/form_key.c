/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/coding/form_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "http/coding/whole.h"

const int form_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

struct form_key form_key_make(const struct file_stamp *stamp, const struct coding_entry *entry)
{
	struct form_key key;
	const struct coding *coding = entry->coding;

	memset(&key, 0, sizeof(key));
	key.device = stamp->dev;
	key.inode = stamp->ino;
	key.size = (uint64_t)stamp->size;
	key.modified_s = stamp->mtime.tv_sec;
	key.modified_ns = stamp->mtime.tv_nsec;
	key.changed_s = stamp->ctime.tv_sec;
	key.changed_ns = stamp->ctime.tv_nsec;
	key.level = coding->best_level ? (uint64_t)coding->best_level(key.size) : 0;
	str_put(key.coding, str_head(coding->name, sizeof(key.coding)));
	str_put(key.version, str_head(str_from(entry->version), sizeof(key.version)));
	return key;
}

bool form_key_equal(const struct form_key *a, const struct form_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool form_is_sound(const struct form_answer *answer, int fd)
{
	struct stat status;
	/* Only files in memory have seals, so this refuses all other descriptors. */
	int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);

	return answer->length > 0 && answer->length <= encode_whole_max(answer->key.size) &&
	       seals >= 0 && (seals & form_seals) == form_seals && fstat(fd, &status) == 0 &&
	       S_ISREG(status.st_mode) && (uint64_t)status.st_size == answer->length;
}

/* Whether both are forms of the same file by the same coding; it may have changed. */
static bool are_related(const struct form_key *a, const struct form_key *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       memcmp(a->coding, b->coding, sizeof(a->coding)) == 0 &&
	       memcmp(a->version, b->version, sizeof(a->version)) == 0;
}

int form_map(const struct form_key *expected, struct str payload, int fd, struct str *out)
{
	struct form_answer answer;

	if (payload.len != sizeof(answer))
		return -EBADMSG;
	memcpy(&answer, payload.data, sizeof(answer));
	if (!are_related(&answer.key, expected) || !form_is_sound(&answer, fd))
		return -EBADMSG;
	if (!form_key_equal(&answer.key, expected))
		return -ESTALE;
	/* Older kernels refuse a shared mapping of a file with F_SEAL_WRITE. */
	void *bytes = mmap(NULL, answer.length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	*out = (struct str){ bytes, answer.length };
	return 0;
}
