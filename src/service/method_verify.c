/* SPDX-License-Identifier: MIT */
/* The audit trail: verified on the store's thread in slices, and its signed checkpoint. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/methods.h"
#include "store/audit/audit.h"

/* Between two reports of progress to a client that asked for them. */
#define SLICES_A_REPORT 20

/* ---- Verify ---- */

struct verification {
	struct mm_deferred deferred;
	struct mm_verify *verify;
	struct mm_signed_checkpoint *checkpoint; /* to compare with first; NULL: none (left) */
	bool files_done;
	unsigned slices;
};

static void release_verification(struct mm_deferred *deferred)
{
	struct verification *verification = (struct verification *)deferred;

	deferred->service->verifying = false;
	mm_verify_free(verification->verify);
	free(verification->checkpoint);
}

static int run_slice(struct mm_store *store, void *userdata)
{
	struct verification *verification = userdata;
	int r;

	if (verification->checkpoint) {
		r = mm_verify_checkpoint(verification->verify, store, verification->checkpoint);
		free(verification->checkpoint);
		verification->checkpoint = NULL;
		return r < 0 ? r : 1;
	}
	if (verification->files_done) {
		return mm_verify_step(verification->verify, store);
	}
	r = mm_verify_file(verification->verify, store);
	verification->files_done = r == 0;
	return r < 0 ? r : 1;
}

static json_t *result_json(const struct mm_verify_result *result, bool done)
{
	json_t *problems = json_array(), *files = json_array();

	for (unsigned i = 0; i < result->file_count; i++) {
		const struct mm_store_inspection *file = &result->file[i];

		json_array_append_new(files, json_pack("{s:s, s:b, s:s}", "name", file->what, "sound",
						       (int)(file->error == 0 || file->error == -ENOENT), "text", file->text));
	}
	for (int64_t i = 0; i < result->bad && i < MM_PROBLEMS_MAX; i++) {
		const struct mm_problem *problem = &result->problem[i];

		json_array_append_new(problems, json_pack("{s:s, s:o, s:s}", "part", problem->part, "id",
							  problem->id != 0 ? json_integer(problem->id) : json_null(), "text",
							  problem->text));
	}
	return json_pack("{s:b, s:b, s:I, s:I, s:I, s:I, s:o, s:o}", "done", (int)done, "sound", (int)(result->bad == 0),
			 "events", (json_int_t)result->events, "intervals", (json_int_t)result->intervals, "snapshots",
			 (json_int_t)result->snapshots, "bad", (json_int_t)result->bad, "problems", problems, "files", files);
}

static void slice_done(struct mm_deferred *deferred, int result)
{
	struct verification *verification = (struct verification *)deferred;

	if (mm_varlink_call_gone(deferred->call)) {
		mm_varlink_call_unref(mm_deferred_take(deferred));
	} else if (result == 1) {
		if (mm_varlink_call_more(deferred->call) && ++verification->slices % SLICES_A_REPORT == 0) {
			/* One that does not fit is followed by another. */
			(void)mm_varlink_reply(deferred->call, result_json(mm_verify_result(verification->verify), false), true);
		}
		mm_deferred_query(deferred, run_slice, slice_done);
	} else if (result < 0) {
		mm_deferred_failed(deferred, result);
	} else {
		mm_deferred_reply(deferred, result_json(mm_verify_result(verification->verify), true));
	}
}

/* Copies a text of the parameter "head"; false where there is none that fits. */
static bool checkpoint_text(const json_t *checkpoint, const char *key, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(checkpoint, key));

	if (!text || strlen(text) >= size) {
		return false;
	}
	strcpy(ret, text);
	return true;
}

/* NULL where there is no checkpoint to compare with. False after having answered. */
static bool read_checkpoint(struct mm_service *service, struct mm_varlink_call *call, const json_t *parameters,
			    struct mm_signed_checkpoint **ret)
{
	static const struct mm_parameter table[] = {{.name = "head", .kind = MM_PARAMETER_OBJECT}};
	struct mm_signed_checkpoint *checkpoint;
	const json_t *value = NULL;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &value)) {
		return false;
	}
	*ret = NULL;
	if (!value) {
		return true;
	}
	checkpoint = calloc(1, sizeof(*checkpoint));
	if (!checkpoint) {
		mm_call_busy(call, "out of memory");
		return false;
	}
	if (!checkpoint_text(value, "statement", checkpoint->statement, sizeof(checkpoint->statement)) ||
	    !checkpoint_text(value, "signature", checkpoint->signature, sizeof(checkpoint->signature)) ||
	    !checkpoint_text(value, "public_key", checkpoint->public_key, sizeof(checkpoint->public_key))) {
		free(checkpoint);
		mm_call_invalid(call, "head");
		return false;
	}
	*ret = checkpoint;
	return true;
}

void mm_method_verify(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_deferred_kind kind = {
		.wait = MM_WAIT_STORE,
		.size = sizeof(struct verification),
		.release = release_verification,
	};
	struct mm_service *service = userdata;
	struct verification *verification;
	struct mm_signed_checkpoint *checkpoint;

	if (service->verifying) {
		mm_call_busy(call, "the register is being verified already: try again when that is done");
		return;
	}
	if (!read_checkpoint(service, call, parameters, &checkpoint)) {
		return;
	}
	verification = mm_deferred_new(service, call, &kind);
	if (!verification) {
		free(checkpoint);
		return;
	}
	service->verifying = true;
	verification->checkpoint = checkpoint;
	if (mm_verify_new(&verification->verify) < 0) {
		mm_call_busy(mm_deferred_take(&verification->deferred), "out of memory");
		return;
	}
	mm_deferred_query(&verification->deferred, run_slice, slice_done);
}

/* ---- GetHead ---- */

struct signing {
	struct mm_deferred deferred;
	int64_t realtime_ns;
	struct mm_signed_checkpoint checkpoint;
};

static int run_signing(struct mm_store *store, void *userdata)
{
	struct signing *signing = userdata;

	return mm_store_sign_checkpoint(store, signing->realtime_ns, &signing->checkpoint);
}

static void signing_done(struct mm_deferred *deferred, int result)
{
	const struct mm_signed_checkpoint *checkpoint = &((struct signing *)deferred)->checkpoint;

	if (result == -ENOKEY) {
		mm_call_store_failed(mm_deferred_take(deferred),
				     "there is no key to sign with; the journal says why, as of the last start");
	} else if (result < 0) {
		mm_deferred_failed(deferred, result);
	} else {
		mm_deferred_reply(deferred, json_pack("{s:s, s:s, s:s, s:s}", "statement", checkpoint->statement, "signature",
						      checkpoint->signature, "public_key", checkpoint->public_key, "fingerprint",
						      checkpoint->fingerprint));
	}
}

void mm_method_head(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE, .size = sizeof(struct signing)};
	struct mm_service *service = userdata;
	struct signing *signing = mm_deferred_new(service, call, &kind);

	(void)parameters;
	if (signing) {
		signing->realtime_ns = mm_clock_realtime(mm_view_clock(service->metering));
		mm_deferred_query(&signing->deferred, run_signing, signing_done);
	}
}
