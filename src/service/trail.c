/* SPDX-License-Identifier: MIT */
#include "service/trail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/audit/audit.h"

/* Between two words of progress to a client that asked for them. */
#define SLICES_TOLD 20

static void busy(struct mm_varlink_call *call, const char *reason)
{
	mm_varlink_error(call, "org.minimeter.Busy", json_pack("{s:s}", "reason", reason));
}

static void failed(struct mm_varlink_call *call, const char *reason)
{
	mm_varlink_error(call, "org.minimeter.RegisterFailed", json_pack("{s:s}", "reason", reason));
}

/* ---- Verify ---- */

struct verification {
	struct mm_service *service;
	struct mm_varlink_call *call;
	struct mm_verify *verify;
	struct mm_signed_head *head; /* to compare with first; NULL: none (left) */
	bool files_done;
	unsigned slices;
};

static void verification_free(struct verification *verification)
{
	verification->service->verifying = false;
	mm_verify_free(verification->verify);
	free(verification->head);
	free(verification);
}

static int run_slice(struct mm_store *reg, void *userdata)
{
	struct verification *verification = userdata;
	int r;

	if (verification->head) {
		r = mm_verify_head(verification->verify, reg, verification->head);
		free(verification->head);
		verification->head = NULL;
		return r < 0 ? r : 1;
	}
	if (verification->files_done) {
		return mm_verify_step(verification->verify, reg);
	}
	r = mm_verify_file(verification->verify, reg);
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

static void slice_done(int result, void *userdata)
{
	struct verification *verification = userdata;
	struct mm_varlink_call *call = verification->call;

	if (mm_varlink_call_gone(call)) {
		mm_varlink_call_unref(call);
		verification_free(verification);
		return;
	}
	if (result == 1) {
		if (mm_varlink_call_more(call) && ++verification->slices % SLICES_TOLD == 0) {
			/* One that does not fit is followed by another. */
			(void)mm_varlink_reply(call, result_json(mm_verify_result(verification->verify), false), true);
		}
		result = mm_store_worker_query(verification->service->worker, run_slice, slice_done, verification);
		if (result == 0) {
			return;
		}
		busy(call, "too many queries wait for the register");
	} else if (result < 0) {
		failed(call, strerror(-result));
	} else {
		mm_service_reply(call, result_json(mm_verify_result(verification->verify), true));
	}
	verification_free(verification);
}

/* Copies a text of the parameter "head"; false where there is none that fits. */
static bool head_text(const json_t *head, const char *key, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(head, key));

	if (!text || strlen(text) >= size) {
		return false;
	}
	strcpy(ret, text);
	return true;
}

/* NULL without a head. False after having answered with an error. */
static bool read_head(struct mm_varlink_call *call, const json_t *parameters, struct mm_signed_head **ret)
{
	const json_t *value = json_object_get(parameters, "head");
	struct mm_signed_head *head;

	*ret = NULL;
	if (!value || json_is_null(value)) {
		return true;
	}
	head = calloc(1, sizeof(*head));
	if (!head) {
		busy(call, "out of memory");
		return false;
	}
	if (!head_text(value, "statement", head->statement, sizeof(head->statement)) ||
	    !head_text(value, "signature", head->signature, sizeof(head->signature)) ||
	    !head_text(value, "public_key", head->public_key, sizeof(head->public_key))) {
		free(head);
		mm_varlink_invalid_parameter(call, "head");
		return false;
	}
	*ret = head;
	return true;
}

void mm_trail_verify(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	struct verification *verification;
	struct mm_signed_head *head;

	if (service->verifying) {
		busy(call, "the register is being verified already: try again when that is done");
		return;
	}
	if (!read_head(call, parameters, &head)) {
		return;
	}
	verification = calloc(1, sizeof(*verification));
	if (!verification || mm_verify_new(&verification->verify) < 0) {
		free(verification);
		free(head);
		busy(call, "out of memory");
		return;
	}
	service->verifying = true;
	verification->service = service;
	verification->call = call;
	verification->head = head;
	slice_done(1, verification);
}

/* ---- GetHead ---- */

struct signing {
	struct mm_varlink_call *call;
	int64_t realtime_ns;
	struct mm_signed_head head;
};

static int run_signing(struct mm_store *reg, void *userdata)
{
	struct signing *signing = userdata;

	return mm_store_sign_head(reg, signing->realtime_ns, &signing->head);
}

static void signing_done(int result, void *userdata)
{
	struct signing *signing = userdata;
	const struct mm_signed_head *head = &signing->head;

	if (result == -ENOKEY) {
		failed(signing->call, "there is no key to sign with; the journal says why, as of the last start");
	} else if (result < 0) {
		failed(signing->call, strerror(-result));
	} else {
		mm_service_reply(signing->call,
				 json_pack("{s:s, s:s, s:s, s:s}", "statement", head->statement, "signature", head->signature,
					   "public_key", head->public_key, "fingerprint", head->fingerprint));
	}
	free(signing);
}

void mm_trail_head(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	struct signing *signing = calloc(1, sizeof(*signing));

	(void)parameters;
	if (!signing) {
		busy(call, "out of memory");
		return;
	}
	signing->call = call;
	signing->realtime_ns = mm_clock_realtime(mm_view_clock(service->engine));
	if (mm_store_worker_query(service->worker, run_signing, signing_done, signing) < 0) {
		free(signing);
		busy(call, "too many queries wait for the register");
	}
}
