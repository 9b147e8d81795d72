/* SPDX-License-Identifier: MIT */
/*
 * The memory: magic and layout, then two slots. A slot is valid when the check sum over its record is right. The
 * counts of played edges are outside the records, one aligned word a meter, which no kill can tear.
 *
 * A record is a state, then a part for each meter, each event, each interval and each front end. Every part begins with its
 * length, and a state says how many columns it has: what a newer version adds at the end of any of them is skipped.
 */
#include "metering/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_MAGIC UINT64_C(0x7265766f646e6168) /* "handover" */
#define LAYOUT 4
/* What a reader must know to read what this one writes: above its layout in the word. */
#define READABLE_BY 4
#define LAYOUT_WORD (LAYOUT | (uint64_t)READABLE_BY << 32)
/* Two elements, and parts without lengths. */
#define LAYOUT_TWO_ELEMENTS 3
/* That, but for the mark behind what is pending: this one knew commits by their time. */
#define LAYOUT_BY_TIME 2
/* The marks of layout 3: behind what is pending there is nothing more, or the counters of a front end. */
#define BY_NUMBER 1
#define WITH_COUNTERS 2
#define SLOTS 2
/*
 * A slot, whatever a version of this program puts into it: an upgrade finds the records where the old one wrote them. Pages that
 * were never written cost nothing.
 */
#define SLOT_SIZE 1048576

struct slot {
	uint64_t length; /* of the record */
	uint64_t sum;	 /* over the record; 0: being written */
	/* Edges of each meter played since the record was written, twice; odd: one more is being put out. */
	_Atomic uint64_t played[MM_STORE_METERS_MAX];
	uint8_t record[SLOT_SIZE - 2 * sizeof(uint64_t) - MM_STORE_METERS_MAX * sizeof(uint64_t)];
};

struct pages {
	uint64_t magic;
	uint64_t layout;
	struct slot slot[SLOTS];
};

_Static_assert(MM_STORE_METERS_MAX == 16, "another number is another layout");
_Static_assert(MM_STATE_SIZE_MAX + MM_STORE_METERS_MAX * (MM_PULSE_TRAIN_LENGTH * 24 + 128) + MM_PENDING_EVENTS_MAX * 320 +
			       MM_PENDING_ROWS_MAX * 192 <
		       SLOT_SIZE - 2048,
	       "state, queues of all meters, events and rows with their texts fit a slot");

struct mm_memory {
	int fd;
	struct pages *pages;
	struct slot *newest; /* NULL: none is valid yet */
	uint64_t sequence;
	char boot_id[MM_BOOT_ID_MAX];
};

/* ---- Memory ---- */

int mm_memory_new(int fd, const char *boot_id, struct mm_memory **ret)
{
	struct mm_memory *memory = calloc(1, sizeof(*memory));
	struct stat st;
	void *pages;
	int r;

	if (fd < 0) {
		fd = memfd_create("minimeterd", MFD_CLOEXEC);
	}
	if (!memory || fd < 0) {
		r = memory ? -errno : -ENOMEM;
		goto fail;
	}
	/* Another size is another layout, and the head says which. It is never cut: the other version may come back. */
	if (fstat(fd, &st) < 0 || (st.st_size < (off_t)sizeof(struct pages) && ftruncate(fd, sizeof(struct pages)) < 0)) {
		r = -errno;
		goto fail;
	}
	pages = mmap(NULL, sizeof(struct pages), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pages == MAP_FAILED) {
		r = -errno;
		goto fail;
	}
	*memory = (struct mm_memory){.fd = fd, .pages = pages};
	strncpy(memory->boot_id, boot_id, sizeof(memory->boot_id) - 1);
	*ret = memory;
	return 0;
fail:
	if (fd >= 0) {
		close(fd);
	}
	free(memory);
	return r;
}

void mm_memory_free(struct mm_memory *memory)
{
	if (!memory) {
		return;
	}
	munmap(memory->pages, sizeof(struct pages));
	close(memory->fd);
	free(memory);
}

int mm_memory_fd(const struct mm_memory *memory)
{
	return memory->fd;
}

/* ---- Parts ---- */

/* Begins a part whose length is still to come; the place of that. */
static size_t begin_part(struct mm_writer *w)
{
	size_t at = w->used;

	mm_put_u64(w, 0);
	return at;
}

static void end_part(const struct mm_writer *w, size_t at)
{
	struct mm_writer length = {.bytes = w->bytes, .size = w->size, .used = at};

	mm_put_u64(&length, w->used - at - sizeof(uint64_t));
}

/*
 * A reader of the next part alone; r goes on behind it. Parts of an older layout have no length: their reader sees all that
 * follows, and close_part() moves r to where it stopped.
 */
static struct mm_reader open_part(struct mm_reader *r, bool older)
{
	struct mm_reader part = *r;
	uint64_t length;

	if (older) {
		return part;
	}
	length = mm_get_u64(r);
	part = *r;
	if (r->bad || length > r->size - r->used) {
		r->bad = part.bad = true;
		return part;
	}
	part.size = r->used + (size_t)length;
	r->used = part.size;
	return part;
}

static void close_part(struct mm_reader *r, const struct mm_reader *part, bool older)
{
	if (older) {
		r->used = part->used;
	}
	r->bad = r->bad || part->bad;
}

/* ---- What a meter leaves, edges and what is pending, as bytes ---- */

static void put_carryover(struct mm_writer *w, const struct mm_meter_carried *carryover)
{
	mm_put_u64(w, (uint64_t)carryover->window_end_ns);
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		mm_put_u64(w, carryover->flags[e]);
		mm_put_u64(w, carryover->backward[e]);
	}
}

static void get_carryover(struct mm_reader *r, unsigned elements, struct mm_meter_carried *ret)
{
	*ret = (struct mm_meter_carried){.window_end_ns = (int64_t)mm_get_u64(r)};
	for (unsigned e = 0; e < elements; e++) {
		ret->flags[e] = (uint32_t)mm_get_u64(r);
		ret->backward[e] = mm_get_u64(r) != 0;
	}
}

/* The scale is in the upper half of the levels' word, which an older version doesn't look at. */
#define SCALE_SHIFT 32

static void put_levels(struct mm_writer *w, const struct mm_memory_meter *meter)
{
	uint64_t bits = (uint64_t)meter->scale << SCALE_SHIFT;

	for (unsigned o = 0; o < MM_OUTPUT_COUNT; o++) {
		bits |= (uint64_t)meter->level[o] << o;
	}
	mm_put_u64(w, bits);
}

static void get_levels(struct mm_reader *r, struct mm_memory_meter *ret)
{
	uint64_t bits = mm_get_u64(r);

	for (unsigned o = 0; o < MM_OUTPUT_COUNT; o++) {
		ret->level[o] = (bits >> o & 1) != 0;
	}
	ret->scale = (uint32_t)(bits >> SCALE_SHIFT);
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
	mm_put_u64(w, p->events_submitted);
	for (size_t i = 0; i < p->event_count; i++) {
		size_t part = begin_part(w);

		mm_put_u64(w, i < p->events_submitted ? p->event_commit[i] : 0);
		mm_put_event(w, &p->event[i]);
		end_part(w, part);
	}
	mm_put_u64(w, p->row_count);
	mm_put_u64(w, p->rows_submitted);
	for (size_t i = 0; i < p->row_count; i++) {
		size_t part = begin_part(w);

		mm_put_u64(w, i < p->rows_submitted ? p->row_commit[i] : 0);
		mm_put_row(w, &p->row[i]);
		end_part(w, part);
	}
}

/* A number of things and how many of them were submitted. */
static size_t get_counts(struct mm_reader *r, size_t max, size_t *ret_submitted)
{
	uint64_t count = mm_get_u64(r), submitted = mm_get_u64(r);

	if (count > max || submitted > count) {
		r->bad = true;
		return 0;
	}
	*ret_submitted = (size_t)submitted;
	return (size_t)count;
}

static void get_pending(struct mm_reader *r, bool older, struct mm_pending *ret)
{
	ret->event_count = get_counts(r, MM_PENDING_EVENTS_MAX, &ret->events_submitted);
	for (size_t i = 0; i < ret->event_count; i++) {
		struct mm_reader part = open_part(r, older);

		ret->event_commit[i] = mm_get_u64(&part);
		(older ? mm_get_event_1 : mm_get_event)(&part, &ret->event[i]);
		close_part(r, &part, older);
	}
	ret->row_count = get_counts(r, MM_PENDING_ROWS_MAX, &ret->rows_submitted);
	for (size_t i = 0; i < ret->row_count; i++) {
		struct mm_reader part = open_part(r, older);

		ret->row_commit[i] = mm_get_u64(&part);
		(older ? mm_get_row_1 : mm_get_row)(&part, &ret->row[i]);
		close_part(r, &part, older);
	}
}

/* The name is last, and missing where it is empty: there was none at first. */
static void put_counters(struct mm_writer *w, const struct mm_memory_counters *of)
{
	const struct mm_counters *counters = &of->counters;
	size_t part = begin_part(w);

	mm_put_u64(w, counters->epoch);
	mm_put_u64(w, (uint64_t)counters->end_ns);
	for (unsigned i = 0; i < MM_COUNTER_PHASES * MM_COUNTERS; i++) {
		mm_put_u64(w, (uint64_t)counters->count[i / MM_COUNTERS][i % MM_COUNTERS]);
	}
	if (of->front_end[0] != '\0') {
		mm_put_text(w, of->front_end, sizeof(of->front_end));
	}
	end_part(w, part);
}

static void put_front_ends(struct mm_writer *w, const struct mm_memory_content *content)
{
	mm_put_u64(w, content->counter_count);
	for (unsigned i = 0; i < content->counter_count; i++) {
		put_counters(w, &content->counters[i]);
	}
}

static void get_counters(struct mm_reader *r, bool older, struct mm_memory_counters *ret_of)
{
	struct mm_reader part = open_part(r, older);
	struct mm_counters *ret = &ret_of->counters;

	ret->epoch = (uint32_t)mm_get_u64(&part);
	ret->end_ns = (int64_t)mm_get_u64(&part);
	for (unsigned i = 0; i < MM_COUNTER_PHASES * MM_COUNTERS; i++) {
		ret->count[i / MM_COUNTERS][i % MM_COUNTERS] = (int64_t)mm_get_u64(&part);
	}
	memset(ret_of->front_end, 0, sizeof(ret_of->front_end));
	if (!older && part.used < part.size) {
		mm_get_text(&part, ret_of->front_end, sizeof(ret_of->front_end));
	}
	close_part(r, &part, older);
}

static void get_front_ends(struct mm_reader *r, bool older, struct mm_memory_content *ret)
{
	uint64_t count = mm_get_u64(r); /* of layout 3: the mark */
	struct mm_memory_counters counters;

	r->bad = r->bad || (older ? count != BY_NUMBER && count != WITH_COUNTERS : count > MM_MEMORY_FRONT_ENDS_MAX);
	if (r->bad || (older && count == BY_NUMBER)) {
		return;
	}
	count = older ? 1 : count;
	for (uint64_t i = 0; !r->bad && i < count; i++) {
		get_counters(r, older, &counters);
		if (!r->bad && ret->counters) {
			ret->counters[ret->counter_count++] = counters;
		}
	}
}

/* ---- Reading ---- */

/* Takes the edges that were played after the record was written off the queue. */
static int take_played(const struct slot *slot, unsigned index, struct mm_memory_meter *ret)
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

static void get_meter(struct mm_reader *r, bool older, const struct mm_registers *registers, struct mm_memory_meter *ret)
{
	struct mm_reader part = open_part(r, older);

	get_carryover(&part, older ? 2 : MM_ELEMENTS_MAX, &ret->carryover);
	ret->received_noted_ns = (int64_t)mm_get_u64(&part);
	get_levels(&part, ret);
	mm_pulse_train_init(ret->restored, registers->output_uwh, registers->delivered.uwh);
	get_queue(&part, ret->restored);
	close_part(r, &part, older);
}

static int read_slot(const struct slot *slot, bool older, struct mm_memory_content *ret)
{
	struct mm_reader r = {.bytes = slot->record, .size = (size_t)slot->length};
	ssize_t length = mm_state_read(slot->record, (size_t)slot->length, &ret->state);
	int result = 0;

	if (length < 0) {
		return (int)length;
	}
	r.used = (size_t)length;
	for (unsigned i = 0; i < ret->state.meter_count; i++) {
		get_meter(&r, older, &ret->state.meter[i], &ret->meter[i]);
		result = r.bad ? -EBADMSG : take_played(slot, i, &ret->meter[i]);
		if (result < 0) {
			return result;
		}
	}
	get_pending(&r, older, ret->pending);
	ret->commits_by_time = older && r.used == r.size;
	ret->counter_count = 0;
	if (!ret->commits_by_time) {
		get_front_ends(&r, older, ret);
	}
	return r.bad ? -EBADMSG : 0;
}

/* Can this program read what one that knew that layout wrote? */
static bool is_readable(uint64_t word)
{
	uint64_t layout = word & UINT32_MAX, readable_by = word >> 32;

	if (readable_by == 0) {
		return layout == LAYOUT_BY_TIME || layout == LAYOUT_TWO_ELEMENTS;
	}
	return layout >= LAYOUT && readable_by >= LAYOUT && readable_by <= LAYOUT;
}

int mm_memory_read(struct mm_memory *memory, struct mm_memory_content *ret)
{
	struct pages *pages = memory->pages;
	int result = pages->magic == 0 ? -ENODATA : -EBADMSG;

	if (pages->magic != 0 && (pages->magic != MEMORY_MAGIC || !is_readable(pages->layout))) {
		return -EPROTO;
	}
	memory->newest = NULL;
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *slot = &pages->slot[i];
		struct mm_state state;

		if (slot->length <= sizeof(slot->record) && slot->sum == mm_checksum(slot->record, (size_t)slot->length) &&
		    mm_state_read(slot->record, (size_t)slot->length, &state) >= 0 &&
		    (!memory->newest || state.sequence > memory->sequence)) {
			memory->newest = slot;
			memory->sequence = state.sequence;
		}
	}
	if (memory->newest) {
		result = read_slot(memory->newest, pages->layout < LAYOUT, ret);
	}
	if (result == 0 && strcmp(ret->state.boot_id, memory->boot_id) != 0) {
		result = -ESTALE;
	}
	return result;
}

/* ---- Writing ---- */

/* The sum of a record, which begins with a state: that ends with its own sum of all before, from which this one goes on. */
static uint64_t sum_on(const uint8_t *record, size_t state_size, size_t size)
{
	size_t summed = state_size - sizeof(uint64_t);
	struct mm_reader r = {.bytes = record, .size = state_size, .used = summed};

	return mm_checksum_on(mm_get_u64(&r), record + summed, size - summed);
}

void mm_memory_write(struct mm_memory *memory, struct mm_memory_content *content)
{
	struct pages *pages = memory->pages;
	struct slot *slot = &pages->slot[memory->newest == &pages->slot[0]];
	struct mm_writer w = {.bytes = slot->record, .size = sizeof(slot->record)};
	size_t state_size;

	for (unsigned i = 0; !memory->newest && i < SLOTS; i++) {
		pages->slot[i].sum = 0; /* whatever was there */
	}
	slot->sum = 0;
	atomic_signal_fence(memory_order_seq_cst);
	for (unsigned i = 0; i < MM_STORE_METERS_MAX; i++) {
		atomic_store_explicit(&slot->played[i], 0, memory_order_relaxed);
	}
	content->state.sequence = ++memory->sequence;
	memcpy(content->state.boot_id, memory->boot_id, sizeof(memory->boot_id));
	state_size = w.used = mm_state_write(&content->state, slot->record, sizeof(slot->record));
	for (unsigned i = 0; i < content->state.meter_count; i++) {
		size_t part = begin_part(&w);

		put_carryover(&w, &content->meter[i].carryover);
		mm_put_u64(&w, (uint64_t)content->meter[i].received_noted_ns);
		put_levels(&w, &content->meter[i]);
		put_queue(&w, content->meter[i].train);
		end_part(&w, part);
	}
	put_pending(&w, content->pending);
	put_front_ends(&w, content);
	slot->length = w.used;
	/* The order counts for what a kill leaves, which is seen by another process only after this one has ended. */
	atomic_signal_fence(memory_order_seq_cst);
	slot->sum = sum_on(slot->record, state_size, w.used);
	pages->layout = LAYOUT_WORD;
	pages->magic = MEMORY_MAGIC;
	memory->newest = slot;
}

void mm_memory_edge_begun(struct mm_memory *memory, unsigned meter)
{
	if (memory && memory->newest) {
		atomic_fetch_add_explicit(&memory->newest->played[meter], 1, memory_order_relaxed);
		atomic_signal_fence(memory_order_seq_cst);
	}
}

void mm_memory_edge_ended(struct mm_memory *memory, unsigned meter, bool played)
{
	if (memory && memory->newest) {
		atomic_signal_fence(memory_order_seq_cst);
		atomic_fetch_add_explicit(&memory->newest->played[meter], played ? 1 : -1, memory_order_relaxed);
	}
}
