/* SPDX-License-Identifier: MIT */
/*
 * An ADE9000 behind whichever driver has it: minimeter's own is asked for first, because it loses nothing. The same chip never
 * has both, and after a change of drivers the next opening finds it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "afe/private.h"

struct either {
	struct mm_afe afe;
	struct mm_afe *counting, *latching;
	struct mm_afe *chosen; /* NULL: none is open */
};

static struct either *from_afe(struct mm_afe *afe)
{
	return (struct either *)afe;
}

/* What the one that was asked says is what this one says. */
static int answer(struct either *e, const struct mm_afe *asked, int r)
{
	e->afe.error = asked->error;
	e->afe.fault = asked->fault;
	return r;
}

static int open_one(struct either *e, struct mm_afe *one)
{
	int r;

	one->error.text[0] = '\0';
	one->fault = MM_HEALTH_OK;
	r = one->ops->open(one);
	e->chosen = r < 0 ? NULL : one;
	if (r >= 0) {
		memcpy(e->afe.chip, one->chip, sizeof(one->chip));
	}
	return answer(e, one, r);
}

static void either_close(struct mm_afe *afe)
{
	struct either *e = from_afe(afe);

	e->counting->ops->close(e->counting);
	e->latching->ops->close(e->latching);
	e->chosen = NULL;
}

static int either_open(struct mm_afe *afe)
{
	struct either *e = from_afe(afe);
	int r;

	either_close(afe);
	e->counting->resume = afe->resume;
	r = open_one(e, e->counting);
	/* No such device, or one of that name without what ours has. */
	return r == -ENODEV || r == -ENOENT ? open_one(e, e->latching) : r;
}

static int either_next(struct mm_afe *afe, struct mm_measurement *ret)
{
	struct either *e = from_afe(afe);

	e->chosen->error.text[0] = '\0';
	e->chosen->fault = MM_HEALTH_OK;
	e->chosen->dropped = afe->dropped;
	afe->dropped = false;
	return answer(e, e->chosen, e->chosen->ops->next(e->chosen, ret));
}

static void either_free(struct mm_afe *afe)
{
	struct either *e = from_afe(afe);

	mm_afe_free(e->counting);
	mm_afe_free(e->latching);
	free(e);
}

int mm_afe_ade9000_new(const struct mm_afe_driver *driver, const struct mm_afe_config *config, struct mm_clock *clock,
		       struct mm_error *error, struct mm_afe **ret)
{
	static const struct mm_afe_ops ops = {
		.open = either_open,
		.next = either_next,
		.close = either_close,
		.free = either_free,
	};
	struct either *e = calloc(1, sizeof(*e));
	int r;

	if (!e) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	e->afe.ops = &ops;
	r = mm_afe_ade9000_counting_new(driver, config, clock, error, &e->counting);
	if (r == 0) {
		r = mm_afe_ade9000_latching_new(driver, config, clock, error, &e->latching);
	}
	if (r < 0) {
		either_free(&e->afe);
		return r;
	}
	*ret = &e->afe;
	return 0;
}
