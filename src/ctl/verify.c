/* SPDX-License-Identifier: MIT */
/* Verifying the register, and checkpoints of its audit trail to keep elsewhere. */

#include <inttypes.h>

#include "base/count_of.h"
#include "ctl/private.h"
#include "ctl/writer.h"

/* While it verifies the store, the daemon reports progress every few thousand rows. */
#define VERIFY_TIMEOUT_MS 60000

static const struct mm_column problem_columns[] = {
	{MM_COLUMN(TEXT, "part", "WHAT")},
	{MM_NUMBER("id", "ID", NULL, 0)},
	{MM_COLUMN(PROSE, "text", "WHAT IS WRONG")},
};

static const struct mm_column file_columns[] = {
	{MM_COLUMN(TEXT, "name", "FILE")},
	{MM_COLUMN(PROSE, "text", "WHAT IT IS LIKE")},
};

static int64_t number(const json_t *answer, const char *key)
{
	return json_integer_value(json_object_get(answer, key));
}

static void verify_text(struct mm_ctl *ctl, const json_t *answer)
{
	const json_t *problems = json_object_get(answer, "problems");
	int64_t bad = number(answer, "bad"), shown = (int64_t)json_array_size(problems);

	mm_ctl_say(ctl, false, "checked %" PRId64 " events, %" PRId64 " intervals, %" PRId64 " snapshots of the registers%s",
		   number(answer, "events"), number(answer, "intervals"), number(answer, "snapshots"),
		   ctl->option[MM_OPTION_HEAD] != NULL ? ", and the head" : "");
	mm_writer_table(ctl->out, ctl->width, file_columns, COUNT_OF(file_columns), json_object_get(answer, "files"), true);
	if (bad == 0) {
		fputs("all is as it was written\n", ctl->out);
		return;
	}
	fprintf(ctl->out, "%s%" PRId64 " %s not as it was written:%s\n", mm_paint(ctl, true), bad,
		bad == 1 ? "thing is" : "things are", mm_unpaint(ctl, true));
	mm_writer_table(ctl->out, ctl->width, problem_columns, COUNT_OF(problem_columns), problems, true);
	if (bad > shown) {
		fprintf(ctl->out, "and %" PRId64 " more\n", bad - shown);
	}
}

/* Reads a checkpoint, which 'head' printed. */
static int read_checkpoint(struct mm_ctl *ctl, const char *path, json_t **ret)
{
	json_error_t error;
	json_t *checkpoint = json_load_file(path, 0, &error);

	if (checkpoint == NULL) {
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "%s: %s", path, error.text);
	}
	if (!json_is_string(json_object_get(checkpoint, "statement")) ||
	    !json_is_string(json_object_get(checkpoint, "signature")) ||
	    !json_is_string(json_object_get(checkpoint, "public_key"))) {
		json_decref(checkpoint);
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "%s: this is no head: it has to be what 'minimeterctl head' printed",
				   path);
	}
	*ret = checkpoint;
	return MM_CTL_FINE;
}

int mm_ctl_verify(struct mm_ctl *ctl)
{
	json_t *checkpoint = NULL, *answer = NULL;
	bool more = true, sound;
	int r = MM_CTL_FINE;

	if (ctl->option[MM_OPTION_STATEMENT] != NULL) {
		return mm_ctl_proof(ctl);
	}
	if (ctl->option[MM_OPTION_KEY] != NULL) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "--key goes with --statement: the store is verified with its own");
	}
	if (ctl->option[MM_OPTION_HEAD] != NULL) {
		r = read_checkpoint(ctl, ctl->option[MM_OPTION_HEAD], &checkpoint);
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_send(ctl, "org.minimeter.Verify", json_pack("{s:o?}", "head", checkpoint), true);
	}
	/* The answers before the last one are progress. */
	while (r == MM_CTL_FINE && more) {
		json_decref(answer);
		answer = NULL;
		r = mm_ctl_receive(ctl, VERIFY_TIMEOUT_MS, &answer, &more);
	}
	sound = json_is_true(json_object_get(answer, "sound"));
	r = mm_ctl_show(ctl, r, answer, verify_text);
	return r == MM_CTL_FINE && !sound ? MM_CTL_FAULT : r;
}

/* A file for programs, whoever asks. */
static void checkpoint_text(struct mm_ctl *ctl, const json_t *answer)
{
	mm_writer_json(ctl->out, answer, false);
}

int mm_ctl_head(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	int r = mm_ctl_call(ctl, "org.minimeter.GetHead", NULL, &answer);

	return mm_ctl_show(ctl, r, answer, checkpoint_text);
}
