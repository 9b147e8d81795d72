/* SPDX-License-Identifier: MIT */
#include "service/issued.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "service/json.h"

static bool take_record(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct mm_issued *issued = userdata;
	json_t *record = json_loads(data, 0, NULL);
	const char *ocmf = json_string_value(json_object_get(record, "ocmf"));

	issued->page = json_integer_value(json_object_get(record, "page"));
	issued->time_ns = event->realtime_ns;
	issued->ocmf = ocmf ? strdup(ocmf) : NULL;
	json_decref(record);
	return false;
}

int mm_issued_find(struct mm_store *store, unsigned meter, const struct mm_store_period *period, struct mm_issued *issued)
{
	int r = issued->ocmf ? 0 : mm_store_issued(store, meter, period, take_record, issued);

	if (r == 0 && !issued->ocmf) {
		return -EBADMSG; /* verification says where */
	}
	return r == -ENOENT ? 0 : r;
}

char *mm_issued_data(const struct mm_issued *issued, const struct mm_store_period *period)
{
	json_t *record = json_pack("{s:I, s:I, s:I, s:s}", "page", (json_int_t)issued->page, "from_s", (json_int_t)period->from_s,
				   "to_s", (json_int_t)period->to_s, "ocmf", issued->ocmf);
	char *data = json_dumps(record, JSON_COMPACT);

	json_decref(record);
	return data;
}

json_t *mm_issued_json(const struct mm_issued *issued)
{
	return issued->ocmf ? json_pack("{s:I, s:o, s:s}", "page", (json_int_t)issued->page, "time",
					mm_json_time(issued->time_ns), "ocmf", issued->ocmf)
			    : json_null();
}

void mm_issued_release(struct mm_issued *issued)
{
	free(issued->ocmf);
	issued->ocmf = NULL;
}
