/* SPDX-License-Identifier: MIT */
/*
 * What metrology costs: feeds CHANNELS channels (voltage and current by turns, each with a delay to take out) at RATE samples a
 * second for SECONDS, and prints the nanoseconds of processor time that each second of samples took, and the bytes of memory.
 * metrology.sh counts its instructions with callgrind.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "metrology/metrology.h"

#define BLOCKS_A_SECOND 10

/* A second of the frames: 60 Hz goes into it without a rest. */
static int32_t *sample_second(unsigned channels, unsigned rate)
{
	int32_t *codes = malloc(sizeof(*codes) * channels * rate);

	for (unsigned k = 0; codes != NULL && k < channels * rate; k++) {
		double angle = 2 * M_PI * 60 * (k / channels) / rate - 0.3 * (k % channels);

		codes[k] = (int32_t)lround(2e6 * sin(angle) + 3e5 * sin(5 * angle) + k % 7);
	}
	return codes;
}

static int configure(unsigned channels, unsigned rate, struct mm_metrology *metrology)
{
	struct mm_metrology_config config = {
		.rate_hz = rate,
		.frame_channels = channels,
		.rails = {-(1 << 23), (1 << 23) - 1},
		.input_count = channels / 2,
	};

	for (unsigned i = 0; i < config.input_count; i++) {
		config.input[i].nominal_v = 120;
		config.input[i].voltage = (struct mm_metrology_channel){.slot = 2 * i, .scale = 1e-4, .delay_s = 3e-6};
		config.input[i].current = (struct mm_metrology_channel){.slot = 2 * i + 1, .scale = 1e-5, .lag_deg = -0.1};
	}
	return mm_metrology_init(metrology, &config);
}

int main(int argc, char **argv)
{
	static struct mm_metrology metrology;
	static struct mm_metrology_window window;
	unsigned channels, rate, seconds, windows = 0;
	int32_t *codes;
	clock_t begin;

	if (argc != 4) {
		fprintf(stderr, "Usage: %s CHANNELS RATE SECONDS\n", argv[0]);
		return 2;
	}
	channels = (unsigned)atoi(argv[1]);
	rate = (unsigned)atoi(argv[2]);
	seconds = (unsigned)atoi(argv[3]);
	codes = sample_second(channels, rate);
	if (codes == NULL || configure(channels, rate, &metrology) < 0) {
		fprintf(stderr, "%s: no such channels and rate\n", argv[0]);
		return 1;
	}
	begin = clock();
	for (unsigned block = 0; block < seconds * BLOCKS_A_SECOND; block++) {
		size_t frames = rate / BLOCKS_A_SECOND;

		mm_metrology_feed(&metrology, codes + block % BLOCKS_A_SECOND * frames * channels, frames,
				  (block + 1) * (INT64_C(1000000000) / BLOCKS_A_SECOND));
		while (mm_metrology_next(&metrology, &window)) {
			windows += window.synchronous;
		}
	}
	printf("%.0f %zu\n", (double)(clock() - begin) / CLOCKS_PER_SEC / seconds * 1e9, sizeof(metrology));
	free(codes);
	return windows > 4 * (seconds - 1) ? 0 : 1;
}
