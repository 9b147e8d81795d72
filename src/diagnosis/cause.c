/* SPDX-License-Identifier: MIT */
/* The table of causes. */
#include "diagnosis/cause.h"

#include <assert.h>
#include <stddef.h>

static const struct mm_cause_info causes[MM_CAUSE_COUNT] = {
	[MM_CAUSE_NONE] =
		{
			.name = "none",
			.words = "nothing wrong is seen",
			.next = "nothing; try it at another load to be sure",
		},
	[MM_CAUSE_NO_READING] =
		{
			.name = "no-reading",
			.words = "there is no reading yet",
			.next = "wait for the first window, about a second",
		},
	[MM_CAUSE_FRONT_END_ABSENT] =
		{
			.name = "front-end-absent",
			.words = "front end absent",
			.next = "look for the metering chip: its wiring, overlay and driver (iio_info)",
			.event = "absent",
			.fault = true,
		},
	[MM_CAUSE_FRONT_END_STALE] =
		{
			.name = "front-end-stale",
			.words = "front end answers, but measures nothing new",
			.next = "check the SPI bus and the chip's supply; restart the board if it stays",
			.event = "stale",
			.fault = true,
		},
	[MM_CAUSE_FRONT_END_FROZEN] =
		{
			.name = "front-end-frozen",
			.words = "front end frozen: every figure repeats",
			.next = "systemctl restart minimeter-afe-prepare",
			.event = "frozen",
			.fault = true,
		},
	[MM_CAUSE_FRONT_END_IMPLAUSIBLE] =
		{
			.name = "front-end-implausible",
			.words = "front end shows what no line or load can",
			.next = "compare voltage_divider, burden_ohm and CT ratio with the board",
			.event = "implausible",
			.fault = true,
		},
	[MM_CAUSE_FRONT_END_NO_CHANNEL] =
		{
			.name = "front-end-no-channel",
			.words = "front end lacks a channel that is configured",
			.next = "compare driver and the channel keys with the board and its device tree",
			.event = "no-channel",
			.fault = true,
		},
	[MM_CAUSE_FRONT_END_NO_TRIGGER] =
		{
			.name = "front-end-no-trigger",
			.words = "front end takes no samples",
			.next = "look for the converter's data-ready wire and its interrupt",
			.event = "no-trigger",
			.fault = true,
		},
	[MM_CAUSE_FRONT_END_WRONG_RATE] =
		{
			.name = "front-end-wrong-rate",
			.words = "front end samples at a wrong rate",
			.next = "compare mclk_hz and osr, or sample_rate, with the board",
			.event = "wrong-rate",
			.fault = true,
		},
	[MM_CAUSE_FRONT_END_STUCK] =
		{
			.name = "front-end-stuck",
			.words = "front end gives one code for ever",
			.next = "check the converter's supply, reset and SPI wires",
			.event = "stuck",
			.fault = true,
		},
	[MM_CAUSE_FRONT_END_SATURATED] =
		{
			.name = "front-end-saturated",
			.words = "front end at its rails all the time",
			.next = "check divider and burden, and that no CT's secondary is open",
			.event = "saturated",
			.fault = true,
		},
	[MM_CAUSE_FRONT_END_SWAPPED] =
		{
			.name = "front-end-swapped",
			.words = "voltage and current of the front end swapped",
			.next = "exchange the wires or the channel keys",
			.event = "swapped",
			.fault = true,
		},
	[MM_CAUSE_NO_SUPPLY] =
		{
			.name = "no-supply",
			.words = "no supply voltage",
			.next = "measure L1 and L2 to N at the meter's terminals; check disconnect and in-line fuses",
			.event = "voltage-low",
			.fault = true,
		},
	[MM_CAUSE_LINE_MISSING] =
		{
			.name = "line-missing",
			.words = "no voltage from this line: lead, in-line fuse or the line itself",
			.next = "measure this line to N at the meter's terminal, then before its fuse",
			.event = "voltage-low",
			.fault = true,
		},
	[MM_CAUSE_VOLTAGE_LOW] =
		{
			.name = "voltage-low",
			.words = "voltage below 102 V",
			.next = "measure at the meter's terminals; compare with voltage_divider before blaming the supply",
			.event = "voltage-low",
			.fault = true,
		},
	[MM_CAUSE_VOLTAGE_HIGH] =
		{
			.name = "voltage-high",
			.words = "voltage above 138 V",
			.next = "measure at the meter's terminals; compare with voltage_divider before blaming the supply",
			.event = "voltage-high",
			.fault = true,
		},
	[MM_CAUSE_NEUTRAL_SWAPPED] =
		{
			.name = "neutral-swapped",
			.words = "neutral and line lead swapped",
			.next = "measure this line's terminal to N and to ground: the neutral is at 0 V to ground",
			.mend = "with power off, put the white wire on N and the line's lead on its own terminal",
			.event = "voltage-high",
			.fault = true,
		},
	[MM_CAUSE_NEUTRAL_LOST] =
		{
			.name = "neutral-lost",
			.words = "the service's neutral is open: the lines share their voltage by their loads",
			.next = "switch off: loads are at the wrong voltage; have the supply's neutral mended",
			.event = "voltage-high",
			.fault = true,
		},
	[MM_CAUSE_NEUTRAL_LEAD_OPEN] =
		{
			.name = "neutral-lead-open",
			.words = "the meter's neutral lead is not connected",
			.next = "measure N at the meter's terminal against the panel's neutral bar: 0 V is right",
			.fault = true,
		},
	[MM_CAUSE_LEAD_WRONG_LINE] =
		{
			.name = "lead-wrong-line",
			.words = "voltage lead on the other line: both show one line",
			.next = "measure L1 to L2 at the meter's terminals: 0 V shows that they are one line",
			.mend = "with power off, put this voltage lead on its own line",
			.event = "reversed",
			.fault = true,
		},
	[MM_CAUSE_FREQUENCY] =
		{
			.name = "frequency",
			.words = "line frequency out of range",
			.next = "measure the frequency; on a generator, its governor",
			.event = "frequency",
			.fault = true,
		},
	[MM_CAUSE_CT_OPEN] =
		{
			.name = "ct-open",
			.words = "CT open or not connected",
			.next = "measure the line with a clamp meter: where it has current, check X1 and X2 with the load off",
			.fault = true,
		},
	[MM_CAUSE_CT_REVERSED] =
		{
			.name = "ct-reversed",
			.words = "CT turned round, or X1 and X2 swapped",
			.next = "switch a load of some amperes on this line on and off, and ask again",
			.mend = "with power off, turn this CT: its white dot or LINE side faces the supply; minimeterctl correct "
				"bridges the time",
			.event = "reversed",
			.fault = true,
		},
	[MM_CAUSE_CTS_REVERSED] =
		{
			.name = "cts-reversed",
			.words = "both CTs turned round",
			.next = "switch a 120 V load on line 1: if element 1's current moves, each CT is on its line",
			.mend = "with power off, turn both CTs: the white dot or LINE side faces the supply; minimeterctl "
				"correct bridges the time",
			.event = "reversed",
			.fault = true,
		},
	[MM_CAUSE_CTS_CROSSED] =
		{
			.name = "cts-crossed",
			.words = "CTs crossed, CT1 on line 2 and CT2 on line 1 (or voltage leads L1 and L2 crossed)",
			.next = "switch a 120 V load on line 1: if element 2's current moves, they are crossed",
			.mend = "with power off, put CT1 on the line of voltage lead L1, CT2 on that of L2; minimeterctl correct "
				"bridges the time",
			.event = "reversed",
			.fault = true,
		},
	[MM_CAUSE_CT_WRONG_LINE] =
		{
			.name = "ct-wrong-line",
			.words = "CT on a line that is not its voltage's",
			.next = "switch a 120 V load on this line: this CT's current must move",
			.mend = "with power off, put this CT on the line of its voltage lead",
			.event = "reversed",
			.fault = true,
		},
	[MM_CAUSE_SEVERAL] =
		{
			.name = "several-mistakes",
			.words = "more than one mistake",
			.next = "follow each CT's colour to its line; mend one wire and ask again",
			.event = "reversed",
			.fault = true,
		},
	[MM_CAUSE_CORRECTION_WRONG] =
		{
			.name = "correction-wrong",
			.words = "the correction in force is not for what the wires show",
			.next = "where the wires have been mended: minimeterctl correct none --confirm",
			.event = "correction",
			.fault = true,
		},
	[MM_CAUSE_OVER_RANGE] =
		{
			.name = "over-range",
			.words = "current above 110 % of the rating",
			.next = "compare with a clamp meter: if it agrees, the load is too large for this meter",
			.event = "over-current",
			.fault = true,
		},
	[MM_CAUSE_CT_RATIO] =
		{
			.name = "ct-ratio",
			.words = "CT of another ratio than the model's, or a wrong burden",
			.next = "compare with a clamp meter, the CT's label with the nameplate's ratio, burden_ohm with the "
				"board",
			.event = "over-current",
			.fault = true,
		},
	[MM_CAUSE_GENERATION] =
		{
			.name = "generation",
			.words = "true reverse energy: something generates",
			.next = "switch the generator off: the power must turn positive",
			.event = "reversed",
		},
	[MM_CAUSE_REACTIVE_LOAD] =
		{
			.name = "reactive-load",
			.words = "the load's power factor is below 0.5: it only looks like a phasing fault",
			.next = "switch a heater or lamp on this line: the power factor must rise",
		},
	[MM_CAUSE_LOAD_SMALL] =
		{
			.name = "load-too-small",
			.words = "load under 1 A: phasing can't be judged",
			.next = "switch on a load of more than 1 A on this line",
		},
	[MM_CAUSE_CREEP] =
		{
			.name = "creep",
			.words = "it registers though no load runs",
			.next = "open the breakers behind the CTs: what registers then is creep; calibrate its offset",
			.fault = true,
		},
};

const struct mm_cause_info *mm_cause_info(enum mm_cause cause)
{
	assert(cause < MM_CAUSE_COUNT);
	return &causes[cause];
}
