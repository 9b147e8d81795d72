/* SPDX-License-Identifier: MIT */
/*
 * The memory: a head that tells the layout, then two slots. A slot is valid when the check sum over its image is right. The
 * counts of played edges stand outside the images, one aligned word a meter, which no kill can tear.
 */
#include "metering/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HANDOVER_MAGIC UINT64_C(0x7265766f646e6168) /* "handover" */
#define LAYOUT 3				    /* 2 knew commits by their time */
#define SLOTS 2
/*
 * A slot, whatever a version of this program puts into it: an upgrade finds the images where the old one wrote them. Pages that
 * were never written cost nothing.
 */
#define SLOT_SIZE 1048576

struct slot {
	uint64_t length; /* of the image */
	uint64_t sum;	 /* over the image; 0: being written */
	/* Edges of each meter played since the image was written, twice; odd: one more is being put out. */
	_Atomic uint64_t played[MM_STORE_METERS_MAX];
	uint8_t image[SLOT_SIZE - 2 * sizeof(uint64_t) - MM_STORE_METERS_MAX * sizeof(uint64_t)];
};

struct memory {
	uint64_t magic;
	uint64_t layout;
	struct slot slot[SLOTS];
};

_Static_assert(MM_STORE_METERS_MAX == 16, "another number is another layout");
_Static_assert(MM_STATE_SIZE_MAX + MM_STORE_METERS_MAX * (MM_PULSE_TRAIN_LENGTH * 24 + 96) + MM_PENDING_EVENTS_MAX * 320 +
			       MM_PENDING_ROWS_MAX * 96 <
		       SLOT_SIZE - 1024,
	       "state, queues of all meters, events and rows with their texts fit a slot");

struct mm_handover {
	int fd;
	struct memory *memory;
	struct slot *newest; /* NULL: none is valid yet */
	uint64_t sequence;
	char boot_id[MM_BOOT_ID_MAX];
};

/* ---- Memory ---- */

int mm_handover_new(int fd, const char *boot_id, struct mm_handover **ret)
{
	struct mm_handover *handover = calloc(1, sizeof(*handover));
	struct stat st;
	void *memory;
	int r;

	if (fd < 0) {
		fd = memfd_create("minimeterd", MFD_CLOEXEC);
	}
	if (!handover || fd < 0) {
		r = handover ? -errno : -ENOMEM;
		goto fail;
	}
	/* Where it is of another size it is of another layout, and its head says so. */
	if (fstat(fd, &st) < 0 || (st.st_size != sizeof(struct memory) && ftruncate(fd, sizeof(struct memory)) < 0)) {
		r = -errno;
		goto fail;
	}
	memory = mmap(NULL, sizeof(struct memory), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		r = -errno;
		goto fail;
	}
	*handover = (struct mm_handover){.fd = fd, .memory = memory};
	strncpy(handover->boot_id, boot_id, sizeof(handover->boot_id) - 1);
	*ret = handover;
	return 0;
fail:
	if (fd >= 0) {
		close(fd);
	}
	free(handover);
	return r;
}

void mm_handover_free(struct mm_handover *handover)
{
	if (!handover) {
		return;
	}
	munmap(handover->memory, sizeof(struct memory));
	close(handover->fd);
	free(handover);
}

int mm_handover_fd(const struct mm_handover *handover)
{
	return handover->fd;
}

/* ---- What a meter leaves, edges and what is pending, as bytes ---- */

static void put_left(struct mm_writer *w, const struct mm_meter_left *left)
{
	mm_put_u64(w, (uint64_t)left->window_end_ns);
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		mm_put_u64(w, left->flags[e]);
		mm_put_u64(w, left->backward[e]);
	}
}

static void get_left(struct mm_reader *r, struct mm_meter_left *ret)
{
	ret->window_end_ns = (int64_t)mm_get_u64(r);
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		ret->flags[e] = (uint32_t)mm_get_u64(r);
		ret->backward[e] = mm_get_u64(r) != 0;
	}
}

static void put_levels(struct mm_writer *w, const bool *level)
{
	uint64_t bits = 0;

	for (unsigned o = 0; o < MM_OUTPUT_COUNT; o++) {
		bits |= (uint64_t)level[o] << o;
	}
	mm_put_u64(w, bits);
}

static void get_levels(struct mm_reader *r, bool *ret_level)
{
	uint64_t bits = mm_get_u64(r);

	for (unsigned o = 0; o < MM_OUTPUT_COUNT; o++) {
		ret_level[o] = (bits >> o & 1) != 0;
	}
}

static void put_queue(struct mm_writer *w, const struct mm_pulse_train *train)
{
	mm_put_u64(w, mm_pulse_train_count(train));
	for (unsigned i = 0; i < mm_pulse_train_count(train); i++) {
		const struct mm_edge *edge = mm_pulse_train_edge(train, i);

		mm_put_u64(w, (uint64_t)edge->at_ns);
		mm_put_u64(w, (uint64_t)edge->position_uwh);
		mm_put_u64(w, edge->output * 2u + edge->level);
	}
}

static void get_queue(struct mm_reader *r, struct mm_pulse_train *ret)
{
	uint64_t count = mm_get_u64(r);

	for (uint64_t i = 0; i < count && !r->bad; i++) {
		int64_t at_ns = (int64_t)mm_get_u64(r), position_uwh = (int64_t)mm_get_u64(r);
		uint64_t output = mm_get_u64(r);
		struct mm_edge edge = {.at_ns = at_ns,
				       .position_uwh = position_uwh,
				       .output = (enum mm_output)(output / 2),
				       .level = output % 2 != 0};

		r->bad = r->bad || output / 2 >= MM_OUTPUT_ENERGY_COUNT || !mm_pulse_train_restore(ret, &edge);
	}
}

static void put_pending(struct mm_writer *w, const struct mm_pending *p)
{
	mm_put_u64(w, p->event_count);
	mm_put_u64(w, p->events_handed);
	for (size_t i = 0; i < p->event_count; i++) {
		mm_put_u64(w, i < p->events_handed ? p->event_commit[i] : 0);
		mm_put_event(w, &p->event[i]);
	}
	mm_put_u64(w, p->row_count);
	mm_put_u64(w, p->rows_handed);
	for (size_t i = 0; i < p->row_count; i++) {
		mm_put_u64(w, i < p->rows_handed ? p->row_commit[i] : 0);
		mm_put_row(w, &p->row[i]);
	}
}

/* A number of things and how many of them were handed over. */
static size_t get_counts(struct mm_reader *r, size_t max, size_t *ret_handed)
{
	uint64_t count = mm_get_u64(r), handed = mm_get_u64(r);

	if (count > max || handed > count) {
		r->bad = true;
		return 0;
	}
	*ret_handed = (size_t)handed;
	return (size_t)count;
}

static void get_pending(struct mm_reader *r, struct mm_pending *ret)
{
	ret->event_count = get_counts(r, MM_PENDING_EVENTS_MAX, &ret->events_handed);
	for (size_t i = 0; i < ret->event_count; i++) {
		ret->event_commit[i] = mm_get_u64(r);
		mm_get_event(r, &ret->event[i]);
	}
	ret->row_count = get_counts(r, MM_PENDING_ROWS_MAX, &ret->rows_handed);
	for (size_t i = 0; i < ret->row_count; i++) {
		ret->row_commit[i] = mm_get_u64(r);
		mm_get_row(r, &ret->row[i]);
	}
}

/* ---- Reading ---- */

/* Takes the edges that were played after the image was written off the queue. */
static int take_played(const struct slot *slot, unsigned index, struct mm_handover_meter *ret)
{
	uint64_t played = atomic_load_explicit(&slot->played[index], memory_order_relaxed);
	uint64_t taken = (played + 1) / 2;

	if (taken > mm_pulse_train_count(ret->restored)) {
		return -EBADMSG;
	}
	ret->in_doubt = played % 2 != 0;
	for (uint64_t i = 0; i < taken; i++) {
		struct mm_edge edge = *mm_pulse_train_edge(ret->restored, 0);

		if (i < played / 2) {
			ret->level[edge.output] = edge.level;
		} else {
			ret->doubtful = edge;
		}
		mm_pulse_train_played(ret->restored, edge.at_ns);
	}
	return 0;
}

static int read_slot(const struct slot *slot, struct mm_handover_content *ret)
{
	struct mm_reader r = {.bytes = slot->image, .size = (size_t)slot->length};
	ssize_t length = mm_state_read(slot->image, (size_t)slot->length, &ret->state);
	int result = 0;

	if (length < 0) {
		return (int)length;
	}
	r.used = (size_t)length;
	for (unsigned i = 0; i < ret->state.meter_count; i++) {
		get_left(&r, &ret->meter[i].left);
		ret->meter[i].received_told_ns = (int64_t)mm_get_u64(&r);
		get_levels(&r, ret->meter[i].level);
		mm_pulse_train_init(ret->meter[i].restored, ret->state.meter[i].output_uwh, ret->state.meter[i].delivered.uwh);
		get_queue(&r, ret->meter[i].restored);
		result = r.bad ? -EBADMSG : take_played(slot, i, &ret->meter[i]);
		if (result < 0) {
			return result;
		}
	}
	get_pending(&r, ret->pending);
	return r.bad ? -EBADMSG : 0;
}

int mm_handover_read(struct mm_handover *handover, struct mm_handover_content *ret)
{
	struct memory *memory = handover->memory;
	int result = memory->magic == 0 ? -ENODATA : -EBADMSG;

	if (memory->magic != 0 && (memory->magic != HANDOVER_MAGIC || memory->layout != LAYOUT)) {
		return -EPROTO;
	}
	handover->newest = NULL;
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *slot = &memory->slot[i];
		struct mm_state state;

		if (slot->length <= sizeof(slot->image) && slot->sum == mm_checksum(slot->image, (size_t)slot->length) &&
		    mm_state_read(slot->image, (size_t)slot->length, &state) >= 0 &&
		    (!handover->newest || state.sequence > handover->sequence)) {
			handover->newest = slot;
			handover->sequence = state.sequence;
		}
	}
	if (handover->newest) {
		result = read_slot(handover->newest, ret);
	}
	if (result == 0 && strcmp(ret->state.boot_id, handover->boot_id) != 0) {
		result = -ESTALE;
	}
	return result;
}

/* ---- Writing ---- */

void mm_handover_write(struct mm_handover *handover, struct mm_handover_content *content)
{
	struct memory *memory = handover->memory;
	struct slot *slot = &memory->slot[handover->newest == &memory->slot[0]];
	struct mm_writer w = {.bytes = slot->image, .size = sizeof(slot->image)};

	for (unsigned i = 0; !handover->newest && i < SLOTS; i++) {
		memory->slot[i].sum = 0; /* whatever was there */
	}
	slot->sum = 0;
	atomic_signal_fence(memory_order_seq_cst);
	for (unsigned i = 0; i < MM_STORE_METERS_MAX; i++) {
		atomic_store_explicit(&slot->played[i], 0, memory_order_relaxed);
	}
	content->state.sequence = ++handover->sequence;
	memcpy(content->state.boot_id, handover->boot_id, sizeof(handover->boot_id));
	w.used = mm_state_write(&content->state, slot->image, sizeof(slot->image));
	for (unsigned i = 0; i < content->state.meter_count; i++) {
		put_left(&w, &content->meter[i].left);
		mm_put_u64(&w, (uint64_t)content->meter[i].received_told_ns);
		put_levels(&w, content->meter[i].level);
		put_queue(&w, content->meter[i].train);
	}
	put_pending(&w, content->pending);
	slot->length = w.used;
	/* The order counts for what a kill leaves, which is seen by another process only after this one has ended. */
	atomic_signal_fence(memory_order_seq_cst);
	slot->sum = mm_checksum(slot->image, w.used);
	memory->layout = LAYOUT;
	memory->magic = HANDOVER_MAGIC;
	handover->newest = slot;
}

void mm_handover_edge_begun(struct mm_handover *handover, unsigned meter)
{
	if (handover && handover->newest) {
		atomic_fetch_add_explicit(&handover->newest->played[meter], 1, memory_order_relaxed);
		atomic_signal_fence(memory_order_seq_cst);
	}
}

void mm_handover_edge_ended(struct mm_handover *handover, unsigned meter, bool played)
{
	if (handover && handover->newest) {
		atomic_signal_fence(memory_order_seq_cst);
		atomic_fetch_add_explicit(&handover->newest->played[meter], played ? 1 : -1, memory_order_relaxed);
	}
}
