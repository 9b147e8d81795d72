/* SPDX-License-Identifier: MIT */
/* Fuzz target: a recording of any bytes is read or refused with an error, and what was read has finite figures. */
#include <math.h>
#include <stdio.h>

#include "fixture/fuzz.h"
#include "sim/flow.h"
#include "sim/recording.h"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED("# volts,amperes\n170,14.1\n0.5,-0.2\n-170e0,-14\n"),
	MM_FUZZ_SEED("1,2\r\n3,4\r\n"),
	MM_FUZZ_SEED("1,2\0\n3,4\n"),
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mm_sim_recording *recording = NULL;
	struct mm_sim_flow flow = {0};
	struct mm_error error = {0};
	FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;

	if (file == NULL) {
		return 0;
	}
	if (mm_sim_recording_read(file, "fuzz.csv", 1000, &error, &recording) < 0) {
		MM_FUZZ_CHECK(error.text[0] != '\0' && recording == NULL);
	} else {
		mm_sim_flow_record(&flow, recording);
		MM_FUZZ_CHECK(isfinite(flow.voltage_v[0]) && isfinite(flow.current_a[0]));
		MM_FUZZ_CHECK(isfinite(mm_sim_recording_at(recording, 0, 1e18)));
	}
	mm_sim_recording_free(recording);
	fclose(file);
	return 0;
}
