/* SPDX-License-Identifier: MIT */
/* The register that is there already: the daemon refuses a configuration that is of another meter. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/units.h"
#include "setup/private.h"
#include "store/serial.h"
#include "store/store.h"

struct look {
	const struct mm_answers *answers;
	FILE *out;
	const char *path;
	unsigned stored;	   /* meters of the register */
	bool known[MM_METERS_MAX]; /* by the answers */
};

/* A meter of the register. */
static void compare_meter(void *userdata, const struct mm_store_meter *meter, int64_t delivered_uwh, int64_t received_uwh)
{
	char serial[MM_SERIAL_TEXT_MAX], stored[MM_MODEL_TEXT_MAX];
	struct look *look = userdata;

	(void)received_uwh;
	look->stored++;
	snprintf(stored, sizeof(stored), "%s", meter->model);
	mm_text_clean(stored);
	for (unsigned m = 0; m < look->answers->meter_count; m++) {
		const struct mm_model answer = mm_answer_model(look->answers, m);
		const char *answered = mm_answer(look->answers, MM_ASK_SERIAL, m), *model = answer.canonical;

		if (strcmp(meter->serial, answered) != 0 && !mm_serial_is_misread(meter->serial, answered)) {
			continue;
		}
		look->known[m] = true;
		if (strcmp(meter->model, model) == 0) {
			fprintf(look->out, "Serial %s goes on with its register: %.3f kWh.\n", answered,
				(double)delivered_uwh / MM_UWH_PER_KWH);
		} else {
			fprintf(look->out, "Serial %s is in %s as model %s, not %s.\n", answered, look->path, stored, model);
		}
		return;
	}
	fprintf(look->out, "%s has the register of serial %s, model %s: %.3f kWh.\n", look->path,
		mm_serial_text(meter->serial, serial), stored, (double)delivered_uwh / MM_UWH_PER_KWH);
}

/* What the register has of the meters that are answered for; nothing where it cannot be read now. */
static void show_register(struct look *look)
{
	if (mm_store_list(look->path, compare_meter, look, NULL) < 0 || look->stored == 0) {
		return;
	}
	for (unsigned m = 0; m < look->answers->meter_count; m++) {
		if (!look->known[m]) {
			fprintf(look->out, "Serial %s is not in %s yet.\n", mm_answer(look->answers, MM_ASK_SERIAL, m),
				look->path);
		}
	}
}

/* Does the daemon refuse these meters? Copies are where the configuration says. */
static int ask_the_store(const struct look *look, const struct mm_config *config, const char *root)
{
	struct mm_store_meter meters[MM_METERS_MAX] = {0};
	struct mm_error error = {0};
	char text[MM_ERROR_TEXT_MAX + 32], beside[MM_COPY_LEN_MAX], *copy = NULL;
	const char *path = mm_config_copy(config, beside);
	int r;

	for (unsigned m = 0; m < config->meter_count; m++) {
		strcpy(meters[m].name, config->meter[m].name);
		strcpy(meters[m].serial, config->meter[m].serial);
		strcpy(meters[m].model, config->meter[m].model.canonical);
	}
	if (path && asprintf(&copy, "%s%s", root, path) < 0) {
		return 0;
	}
	r = mm_store_check(look->path, copy, meters, config->meter_count, &error);
	free(copy);
	if (r < 0) {
		snprintf(text, sizeof(text), "The daemon would refuse this: %s", error.text);
		mm_dialog_say(look->out, "", text);
		return 1;
	}
	if (r > 0) {
		fprintf(look->out, "The register could not be compared with the answers: %s\n", error.text);
	}
	return 0;
}

int mm_setup_look_at_register(const struct mm_answers *answers, const char *root, FILE *out)
{
	struct look look = {.answers = answers, .out = out};
	char *text = mm_answers_text(answers), *path = NULL;
	struct mm_config_errors errors;
	struct mm_config *config = NULL;
	int r = 0;

	if (text && mm_config_load_text(answers->path, text, &errors, &config) == 0 &&
	    asprintf(&path, "%s%s", root, config->register_path) >= 0) {
		look.path = path;
		show_register(&look);
		r = ask_the_store(&look, config, root);
	}
	free(path);
	free(config);
	free(text);
	return r;
}
