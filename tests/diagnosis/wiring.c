/* SPDX-License-Identifier: MIT */
/*
 * The diagnosis judged against truth: every wiring of a two-element meter, under many loads and currents, through the simulated
 * ADE9000. Prints what was named for what was wrong, and fails where single mistakes are named wrongly or a right installation
 * raises an alarm. "full" tries all combinations; otherwise one in SHORT_STRIDE, without measured angles;
 * a case more or less weighs more there.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "diagnosis/diagnosis.h"
#include "core/units.h"
#include "metrology/quadrature.h"
#include "fixture/random.h"
#include "sim/ade9000.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SHORT_STRIDE 403
#define SHORT_TOLERANCE 0.02
#define RATED_A 200.0
#define WINDOWS 40
#define LOAD_MIN_A 1.1
/* A 1.5 kW heater is switched on one line, then on the other, five seconds on and off as minimeterctl check asks for it. */
#define HEATER_W 1500.0
/* The service: what its conductors drop, how it moves from second to second, both lines together and each by itself. */
#define LINE_OHM 0.03
#define COMMON_NOISE_V 0.1
#define OWN_NOISE_V 0.03
/* By how much the instants of a voltage are misread. */
#define JITTER_NS (MM_NS_PER_MS / 4)

struct load_kind {
	const char *name;
	double a, b, ab; /* parts of the current that a case is about */
	double pf;	 /* negative: leading */
	bool generates;
};

static const struct load_kind loads[] = {
	{"resistive", 1, 0.6, 0, 1, false},
	{"resistive, alike", 1, 1, 0, 1, false},
	{"motor", 1, 0.7, 0, 0.8, false},
	{"motor, pf 0.5", 0.8, 1, 0, 0.5, false},
	{"LED supplies", 1, 0.75, 0, -0.9, false},
	{"LED supplies, pf 0.5", 1, 0.6, 0, -0.5, false},
	{"240 V heater", 0, 0, 1, 1, false},
	{"240 V motor", 0, 0, 1, 0.8, false},
	{"240 V motor, pf 0.5", 0, 0, 1, 0.5, false},
	{"240 V and 120 V", 0.5, 0.2, 0.5, 0.9, false},
	{"generation on L1", -1, 0.8, 0, 1, true},
	{"generation, 240 V", 0, 0, -1, 1, true},
};

static const double currents_a[] = {1, 2, 5, 20, 60, 120, 185};

struct service {
	const char *name;
	double lag_b, lag_c;
	double volts_c;
	unsigned lines;
};

static const struct service services[] = {
	{"split phase", 180, 0, 0, 2}, {"wye", 120, 240, 120, 3}, {"wye, other sense", 240, 120, 120, 3}};

enum lead { LEADS_OK, L1_OPEN, L2_OPEN, N_OPEN, LEADS_CROSSED, BOTH_ON_L1, BOTH_ON_L2, N_AND_L1, N_AND_L2, LEAD_COUNT };

/* A CT: open, or on a line, turned or not. */
struct ct {
	bool open, reversed;
	unsigned line;
};

struct wiring {
	enum lead leads;
	struct ct ct[2];
};

/* What an installer would call it. */
struct truth {
	unsigned mistakes;
	enum mm_cause cause; /* of a single mistake */
	unsigned element;
};

enum verdict { NAMED, TIED, MISSED };

struct tally {
	unsigned cases[MM_CAUSE_COUNT], verdict[MM_CAUSE_COUNT][3];
	unsigned named[MM_CAUSE_COUNT][MM_CAUSE_COUNT]; /* by truth and by what came first */
	unsigned right, alarms;
	unsigned generating, generating_tied, generating_alarms;
	unsigned several, several_noticed;
};

struct mode {
	const char *name;
	bool switching, lag_known;
	double named_min; /* part of the single mistakes that has to be named right */
	bool said;	  /* the configuration says that something generates on each line: then that must never be an alarm */
};

/* Steady loads leave more that can't be told apart: generation behind a turned CT, for one, is a load behind a right one. */
static const struct mode modes[] = {
	{"a load is switched on each line in turn", true, false, 0.99, false},
	{"the same, and the front end measures the angle between the lines", true, true, 0.99, false},
	{"steady loads", false, false, 0, false},
	{"steady loads, and the front end measures the angle between the lines", false, true, 0, false},
	{"generation is configured, and a load is switched on each line in turn", true, false, 0.9, true},
	{"generation is configured, steady loads", false, false, 0, true},
};

/* ---- Truth ---- */

static struct truth lead_truth(enum lead leads)
{
	switch (leads) {
	case LEADS_OK:
		return (struct truth){0, MM_CAUSE_NONE, 0};
	case L1_OPEN:
		return (struct truth){1, MM_CAUSE_LINE_MISSING, 1};
	case L2_OPEN:
		return (struct truth){1, MM_CAUSE_LINE_MISSING, 2};
	case N_OPEN:
		return (struct truth){1, MM_CAUSE_NEUTRAL_LEAD_OPEN, 0};
	case LEADS_CROSSED:
		return (struct truth){1, MM_CAUSE_CTS_CROSSED, 0};
	case BOTH_ON_L1:
		return (struct truth){1, MM_CAUSE_LEAD_WRONG_LINE, 2};
	case BOTH_ON_L2:
		return (struct truth){1, MM_CAUSE_LEAD_WRONG_LINE, 1};
	case N_AND_L1:
		return (struct truth){1, MM_CAUSE_NEUTRAL_SWAPPED, 1};
	case N_AND_L2:
		return (struct truth){1, MM_CAUSE_NEUTRAL_SWAPPED, 2};
	case LEAD_COUNT:
		break;
	}
	return (struct truth){0, MM_CAUSE_NONE, 0};
}

static struct truth wiring_truth(const struct wiring *wiring)
{
	struct truth truth = lead_truth(wiring->leads);
	const struct ct *ct = wiring->ct;

	if (!ct[0].open && !ct[1].open && ct[0].line == 1 && ct[1].line == 0) {
		/* With the leads crossed as well, each element measures the other line, and measures it right. */
		bool together = wiring->leads == LEADS_CROSSED;

		truth = together ? (struct truth){0, MM_CAUSE_NONE, 0}
				 : (struct truth){truth.mistakes + 1, MM_CAUSE_CTS_CROSSED, 0};
	} else {
		for (unsigned e = 0; e < 2; e++) {
			if (ct[e].open || ct[e].line != e) {
				enum mm_cause cause = ct[e].open ? MM_CAUSE_CT_OPEN : MM_CAUSE_CT_WRONG_LINE;

				truth = (struct truth){truth.mistakes + 1, cause, e + 1};
			}
		}
	}
	for (unsigned e = 0; e < 2; e++) {
		if (!ct[e].open && ct[e].reversed) {
			truth = (struct truth){truth.mistakes + 1, MM_CAUSE_CT_REVERSED, e + 1};
		}
	}
	return truth;
}

/* ---- The board ---- */

static void wire(struct mm_sim_state *state, const struct wiring *wiring)
{
	static const struct {
		int l1, l2, n; /* -1: open */
	} leads[LEAD_COUNT] = {
		[LEADS_OK] = {0, 1, 3},	  [L1_OPEN] = {-1, 1, 3},      [L2_OPEN] = {0, -1, 3},
		[N_OPEN] = {0, 1, -1},	  [LEADS_CROSSED] = {1, 0, 3}, [BOTH_ON_L1] = {0, 0, 3},
		[BOTH_ON_L2] = {1, 1, 3}, [N_AND_L1] = {3, 1, 0},      [N_AND_L2] = {0, 3, 1},
	};
	const int at[] = {leads[wiring->leads].l1, leads[wiring->leads].l2, 2, leads[wiring->leads].n};

	for (unsigned i = 0; i < COUNT(at); i++) {
		state->lead[i] = (struct mm_sim_lead){.conductor = at[i] < 0 ? i : (unsigned)at[i], .open = at[i] < 0};
	}
	for (unsigned e = 0; e < 2; e++) {
		state->ct[e] = (struct mm_sim_ct){
			.line = wiring->ct[e].line, .reversed = wiring->ct[e].reversed, .open = wiring->ct[e].open};
	}
}

/* A part of the case's current; phasing is judged over 1 A on each line. */
static struct mm_sim_load load_of(double part, double current_a, double volts, double pf)
{
	double load_a = part == 0 ? 0 : copysign(fmax(fabs(part) * current_a, LOAD_MIN_A), part);
	struct mm_sim_load load = {.active_w = load_a * volts * fabs(pf)};

	load.reactive_var = fabs(load_a) * volts * sqrt(1 - pf * pf) * (pf < 0 ? -1 : 1);
	return load;
}

/* One second of the board, as the daemon would have it from the chip. */
static void measure(struct mm_sim_ade9000 *chip, const struct mm_sim_state *state, unsigned number, struct mm_measurement *ret)
{
	double mean[MM_SIM_ENERGIES][MM_SIM_LINES];
	int64_t now_ns = (number + 1) * MM_NS_PER_S;
	struct mm_sim_flow flow;

	mm_sim_flow_compute(state, &flow);
	for (unsigned i = 0; i < MM_SIM_LINES; i++) {
		mean[0][i] = (double)flow.active_uw[i];
		mean[1][i] = (double)flow.reactive_uvar[i];
		mean[2][i] = (double)flow.apparent_uva[i];
	}
	mm_sim_ade9000_latch(chip, number, (const double(*)[MM_SIM_LINES])mean);
	*ret = (struct mm_measurement){
		.start_ns = now_ns - MM_NS_PER_S, .end_ns = now_ns, .health = MM_HEALTH_OK, .latched = true, .input_count = 2};
	for (unsigned e = 0; e < 2; e++) {
		double full_va = chip->full_scale_v * chip->full_scale_a;
		int64_t codes[2];

		for (unsigned kind = 0; kind < 2; kind++) {
			int64_t raw =
				mm_sim_ade9000_read(chip, &flow, now_ns, kind == 0 ? MM_SIM_WATTHR : MM_SIM_VARHR, e, false);

			codes[kind] = (raw >> 32) * 8192 + (raw & 0x1fff);
		}
		ret->input[e] = (struct mm_input_reading){
			.voltage_v = (double)mm_sim_ade9000_read(chip, &flow, now_ns, MM_SIM_VRMS, e, false) /
				     MM_SIM_RMS_FULL_SCALE * chip->full_scale_v,
			.current_a = (double)mm_sim_ade9000_read(chip, &flow, now_ns, MM_SIM_IRMS, e, false) /
				     MM_SIM_RMS_FULL_SCALE * chip->full_scale_a,
			.active_ws = (double)codes[0] / MM_SIM_WINDOW_SAMPLES / MM_SIM_POWER_FULL_SCALE * full_va,
			.reactive_vars = (double)codes[1] / MM_SIM_WINDOW_SAMPLES / MM_SIM_POWER_FULL_SCALE * full_va,
			.frequency_hz = state->frequency_hz,
		};
	}
}

/* Two instants of each voltage, as the daemon would have them. */
static void measure_phasors(struct mm_sim_ade9000 *chip, const struct mm_sim_state *state, uint64_t *random,
			    struct mm_measurement *measurement)
{
	struct mm_sim_flow flow;

	mm_sim_flow_compute(state, &flow);
	for (unsigned e = 0; e < 2; e++) {
		struct mm_instant instant[2];

		for (unsigned i = 0; i < 2; i++) {
			int64_t at_ns = measurement->start_ns + i * (int64_t)(MM_NS_PER_S / state->frequency_hz / 4);
			double code = (double)mm_sim_ade9000_read(chip, &flow, at_ns, MM_SIM_V_PCF, e, false);

			at_ns += (int64_t)mm_random_noise(random, JITTER_NS);
			instant[i] = (struct mm_instant){code / MM_SIM_WAVEFORM_FULL_SCALE * chip->full_scale_v * M_SQRT2, at_ns};
		}
		mm_quadrature_phasor(instant, state->frequency_hz, measurement->start_ns, &measurement->phasors[e].voltage);
	}
}

static void observe(const struct wiring *wiring, const struct service *service, const struct load_kind *load, double current_a,
		    const struct mode *mode, uint64_t *random, struct mm_diagnosis *ret)
{
	static const struct mm_sim_board_config board = {
		.noise = true, .voltage_divider = 1001, .burden_ohm = 1.5, .ct_primary_a = RATED_A, .ct_secondary_a = 0.1};
	static const struct mm_meter_config config = {.model = {.elements = 2, .ct_primary_a = RATED_A, .rated_voltage_v = 120},
						      .input = {0, 1}};
	double source_v[] = {120.5 + mm_random_between(random, -1.5, 1.5), 119.5 + mm_random_between(random, -1.5, 1.5),
			     service->volts_c};
	double between_v = service->lag_b == 180 ? 240 : 208;
	struct mm_sim_state state;
	struct mm_sim_ade9000 chip;
	struct mm_observation observation;

	mm_sim_state_init(&state);
	mm_sim_ade9000_init(&chip, &board);
	chip.seed = mm_random(random);
	mm_observation_init(&observation, 2);
	wire(&state, wiring);
	state.lag_deg[1] = service->lag_b;
	state.lag_deg[2] = service->lag_c;
	state.lead[2].open = true; /* of a chip with three phases the meter uses two */
	state.line_ohm = LINE_OHM;
	state.load_ab = load_of(load->ab, current_a, between_v, load->pf);
	state.load[2] = load_of(service->lines > 2 ? 0.9 : 0, current_a, 120, 0.95);
	for (unsigned w = 0; w < WINDOWS; w++) {
		double together = mm_random_noise(random, COMMON_NOISE_V);
		struct mm_measurement measurement;
		unsigned phase = mode->switching ? w / 5 % 8 : 0;

		for (unsigned i = 0; i < service->lines; i++) {
			state.voltage_v[i] = source_v[i] + together + mm_random_noise(random, OWN_NOISE_V);
		}
		state.load[0] = load_of(load->a, current_a, 120, load->a > 0 ? load->pf : 1);
		state.load[1] = load_of(load->b, current_a, 120, load->b > 0 ? load->pf : 1);
		state.load[0].active_w += phase == 1 || phase == 3 ? HEATER_W : 0;
		state.load[1].active_w += phase == 4 || phase == 6 ? HEATER_W : 0;
		measure(&chip, &state, w, &measurement);
		if (mode->lag_known) {
			measure_phasors(&chip, &state, random, &measurement);
		}
		mm_observation_add(&observation, &config, &measurement);
	}
	mm_diagnose(&observation, &config.model,
		    &(struct mm_circumstances){.health = MM_HEALTH_OK, .loaded = true, .generates = {mode->said, mode->said}},
		    ret);
}

/* ---- Judging ---- */

static enum verdict judge(const struct truth *truth, const struct mm_diagnosis *diagnosis)
{
	for (unsigned i = 0; i < diagnosis->count; i++) {
		const struct mm_finding *finding = &diagnosis->finding[i];

		if (finding->cause == truth->cause &&
		    (truth->element == 0 || finding->element == 0 || finding->element == truth->element)) {
			return i == 0 ? NAMED : finding->tie > 0 && diagnosis->finding[0].tie > 0 ? TIED : MISSED;
		}
	}
	return MISSED;
}

static void count_right(struct tally *tally, const struct load_kind *load, const struct mm_diagnosis *diagnosis)
{
	const struct mm_finding *first = &diagnosis->finding[0];
	bool alarm = mm_cause_info(first->cause)->fault;
	struct truth generation = {0, MM_CAUSE_GENERATION, 0};

	if (!load->generates) {
		tally->right++;
		tally->alarms += alarm;
		return;
	}
	tally->generating++;
	if (judge(&generation, diagnosis) == TIED) {
		tally->generating_tied++;
	} else {
		tally->generating_alarms += alarm;
	}
}

static void try_one(struct tally *tally, const struct wiring *wiring, const struct service *service, const struct load_kind *load,
		    double current_a, const struct mode *mode, uint64_t *random)
{
	struct truth truth = wiring_truth(wiring);
	struct mm_diagnosis diagnosis;
	enum verdict verdict;

	observe(wiring, service, load, current_a, mode, random, &diagnosis);
	if (truth.mistakes == 0) {
		count_right(tally, load, &diagnosis);
	} else if (truth.mistakes > 1) {
		tally->several++;
		tally->several_noticed += mm_cause_info(diagnosis.finding[0].cause)->fault || diagnosis.finding[0].tie > 0;
	} else {
		verdict = judge(&truth, &diagnosis);
		tally->cases[truth.cause]++;
		tally->verdict[truth.cause][verdict]++;
		tally->named[truth.cause][diagnosis.finding[0].cause]++;
	}
}

/* The CT's state of that number; false past the last on a service of so many lines. */
static bool ct_of(unsigned number, unsigned lines, struct ct *ret)
{
	*ret = (struct ct){.open = number == 2 * lines, .reversed = number % 2, .line = number / 2};
	if (ret->open) {
		*ret = (struct ct){.open = true};
	}
	return number <= 2 * lines;
}

static void try_loads(struct tally *tally, const struct wiring *wiring, const struct service *service, const struct mode *mode,
		      uint64_t *random, unsigned stride)
{
	bool single = wiring_truth(wiring).mistakes <= 1;

	for (unsigned l = 0; l < COUNT(loads); l++) {
		for (unsigned c = 0; c < COUNT(currents_a); c++) {
			/* Two mistakes are the many: they are thinned out first. */
			if (mm_random(random) % (single ? (stride + 30) / 31 : stride) == 0) {
				try_one(tally, wiring, service, &loads[l], currents_a[c], mode, random);
			}
		}
	}
}

static void try_all(struct tally *tally, const struct mode *mode, unsigned stride)
{
	uint64_t random = 1;

	for (unsigned s = 0; s < COUNT(services); s++) {
		struct wiring wiring;

		for (wiring.leads = LEADS_OK; wiring.leads < LEAD_COUNT; wiring.leads++) {
			for (unsigned one = 0; ct_of(one, services[s].lines, &wiring.ct[0]); one++) {
				for (unsigned two = 0; ct_of(two, services[s].lines, &wiring.ct[1]); two++) {
					try_loads(tally, &wiring, &services[s], mode, &random, stride);
				}
			}
		}
	}
}

/* ---- The table ---- */

static bool print_tally(const struct mode *mode, const struct tally *tally, double tolerance)
{
	unsigned cases = 0, missed = 0, tied = 0;

	printf("\n%s\n  %-20s %6s %6s %6s %6s   first named\n", mode->name, "what is wrong", "cases", "named", "tied", "missed");
	for (enum mm_cause truth = 0; truth < MM_CAUSE_COUNT; truth++) {
		const unsigned *verdict = tally->verdict[truth];

		if (tally->cases[truth] == 0) {
			continue;
		}
		cases += tally->cases[truth];
		tied += verdict[TIED];
		missed += verdict[MISSED];
		printf("  %-20s %6u %6u %6u %6u  ", mm_cause_info(truth)->name, tally->cases[truth], verdict[NAMED],
		       verdict[TIED], verdict[MISSED]);
		for (enum mm_cause named = 0; named < MM_CAUSE_COUNT; named++) {
			if (tally->named[truth][named] > 0) {
				printf(" %s %u", mm_cause_info(named)->name, tally->named[truth][named]);
			}
		}
		printf("\n");
	}
	printf("  single mistakes: %u cases, %.2f %% named right (%.2f %% first, %.2f %% as one of a tie that is said)\n", cases,
	       100.0 * (cases - missed) / cases, 100.0 * (cases - missed - tied) / cases, 100.0 * tied / cases);
	printf("  right installations: %u, %u alarms; with generation: %u, %u said as tied with a turned CT, %u alarms\n",
	       tally->right, tally->alarms, tally->generating, tally->generating_tied, tally->generating_alarms);
	printf("  several mistakes at once: %u, %u noticed\n", tally->several, tally->several_noticed);
	return cases > 0 && (double)(cases - missed) >= (mode->named_min - tolerance) * cases && tally->right > 0 &&
	       tally->alarms == 0 && (!mode->said || tally->generating_tied + tally->generating_alarms == 0);
}

int main(int argc, char *argv[])
{
	bool full = argc > 1 && strcmp(argv[1], "full") == 0;
	unsigned tried = 0, failures = 0;

	for (unsigned m = 0; m < COUNT(modes); m += full ? 1 : 2) {
		struct tally tally = {0};

		try_all(&tally, &modes[m], full ? 1 : SHORT_STRIDE);
		tried++;
		failures += !print_tally(&modes[m], &tally, full ? 0 : SHORT_TOLERANCE);
	}
	printf("%u%%: Checks: %u, Failures: %u, Errors: 0\n", 100 * (tried - failures) / tried, tried, failures);
	return failures > 0;
}
