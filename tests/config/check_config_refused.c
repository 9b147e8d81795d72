/* SPDX-License-Identifier: MIT */
/* The configuration: what is wrong is refused with file, line and key. */
#include "config/check_config.h"

#define ONE_OF_AMPERES "[meter y]\nmodel=MMS-120-2001\nserial=2\nelement1=B\n"

static const struct {
	const char *text, *expected;
} refused[] = {
	/* Several front ends. */
	{"[front-end flat]\n[meter x]\nmodel=MMS-120-2001\nserial=1\nelement1=A\n",
	 ":5: [meter x]: element1 = A: which front end's phase? Write NAME:A, as of [front-end flat]"},
	{TWO_CHIPS ON_TWO_CHIPS "[meter three]\nmodel=MMS-120-2001\nserial=3\nelement1=attic:A\n",
	 "[meter three]: element1 = attic:A: there is no section [front-end attic]"},
	{TWO_CHIPS ON_TWO_CHIPS "[meter three]\nmodel=MMD-120-2001\nserial=3\nelement1=house:C\nelement2=flat:A\n",
	 "[meter three]: element2 is on another front end than element1: what a meter sums must come from one chip"},
	{TWO_CHIPS "[meter one]\nmodel=MMS-120-2001\nserial=1\nelement1=house:A\n",
	 ":3: [front-end flat]: no meter has an element there; remove the section"},
	{"[front-end]\n[front-end flat]\n" METER "[meter two]\nmodel=MMS-120-2001\nserial=2\nelement1=flat:A\n",
	 ":2: [front-end flat]: ade9000 at local: is the chip of another section (line 1); say which by its label or SPI device"},
	{TWO_CHIPS "[meter x]\nmodel=MMD-120-2001\nserial=3\nelement1=house:C\nelement2=flat:A\n",
	 "[meter x]: element2 is on another front end than element1: what a meter sums must come from one chip"},
	{"[front-end a]\nburden_ohm=6\n[front-end b]\nuri=ip:10.0.0.1\nburden_ohm=3\n[meter one]\nmodel=MMS-120-2001\nserial=1\n"
	 "element1=a:A\n[meter x]\nmodel=MMD-120-2002\nserial=2\nelement1=D\nelement2=b:B\n",
	 ":13: element1 = D: must be a phase of the front end: A, B or C"},
	{TWO_CHIPS ON_TWO_CHIPS "[meter x]\nmodel=MMD-120-4001\nserial=3\nelement1=attic:A\nelement2=house:C\n",
	 ":23: [meter x]: element1 = attic:A: there is no section [front-end attic]"},
	{"[front-end a]\nuri=ip:10.0.0.1\n[front-end b]\nuri=ip:10.0.0.1\ndevice='x'\n"
	 "[meter one]\nmodel=MMS-120-2001\nserial=1\nelement1=a:A\n[meter two]\nmodel=MMS-120-2001\nserial=2\nelement1=b:A\n",
	 ":5: device = 'x': the quotes would be part of the value"},
	{"[daemon]\nclock=board\n[front-end]\nuri=ip:10.0.0.1 # board\n" METER,
	 ":4: uri = ip:10.0.0.1 # board: a # begins a comment only at the start of a line"},
	{"[daemon]\nclock=board\n[front-end house]\nuri=ip:10.0.0.1\n" TWO_CHIPS ON_TWO_CHIPS,
	 "clock = board: the time of one board cannot be that of several"},
	{"[front-end \"x\"]\n" METER, ":1: [front-end \"x\"]: quotes would be part of the name; leave them out"},
	{"[front-end a:b]\n" METER, ":1: [front-end a:b]: a colon ends the name in element1 = NAME:A; leave it out"},
	{"[Front-end flat]\n" METER, ":1: unknown section [Front-end flat]: a front end's is [front-end NAME], in small letters"},
	{"[front-end a]\nburden_ohm=5\n[front-end a]\nburden_ohm=5\n[meter x]\nmodel=MMS-120-2001\nserial=1\nelement1=a:A\n",
	 ":3: section [front-end a] is given twice, first in line 1, and burden_ohm in both"},
	{"[front-end \"x\"]\n[meter x]\nmodel=MMS-120-2001\nserial=1\nelement1=x:A\n",
	 ":1: [front-end \"x\"]: quotes would be part of the name"},
	{"[front-end]\nburden_ohm=3\nburden_ohm_a=6\n[meter x]\nmodel=MMS-120-2001\nserial=1\nelement1=A\n"
	 "[meter y]\nmodel=MMS-120-2002\nserial=2\nelement1=b\n",
	 ":11: element1 = b: must be a phase of the front end"},
	{"[front-end]\nburden_ohm_b=0.5\n[meter x]\nmodel=generic\nelements=1\nservice=1-phase-2-wire\nrated_voltage_v=230\n"
	 "ct=200:1\nkh_wh=10\nserial=1\nelement1=b\n",
	 ":11: element1 = b: must be a phase of the front end"},
	{"[meter x]\nmodel = MMS-120-1001\nserial = 1\nelement1 = flat:D\n",
	 "must be a phase of the front end: NAME:A, NAME:B or NAME:C"},
	{"[front-end]\nburden_ohm_b = 10\n" METER, ":2: [meter flat 1]: burden_ohm_b = 10 gives a full scale of 141 A"},
	{"[front-end]\nvoltage_divider_a = 100\n" METER, ":2: voltage_divider_a = 100 gives a full scale of 71 V"},

	{"", "no meter"},
	{"rubbish\n" METER, ":1: this line is neither [section] nor key = value"},
	{"[daemon]\nsockt = /x\n" METER, ":2: unknown key \"sockt\" in section [daemon]"},
	{"[nonsense]\nkey = 1\n" METER, ":1: unknown section [nonsense]; there are [daemon], [front-end], [front-end NAME], "},
	{"[meter]\nmodel = MMS-120-1001\n", ":1: a meter's section has a name"},
	{"[meter ]\nmodel = MMS-120-1001\n", ":1: a meter's section has a name"},
	{"[daemon]\nsocket = relative\n" METER, ":2: socket = relative: must be an absolute path"},
	{"[daemon]\ncommit_wh = 11\n" METER, ":2: commit_wh = 11: must be a number from 1 to 10"},
	{"[daemon]\ncommit_wh = nan\n" METER, ":2: commit_wh"},
	{"[daemon]\ncommit_wh = 5x\n" METER, ":2: commit_wh"},
	{"[daemon]\ncommit_wh =\n" METER, ":2: commit_wh"},
	{"[daemon]\nclients_max = 1.5\n" METER, "must be a whole number from 1 to 256"},
	{"[daemon]\nprofile_interval_min = 7\n" METER, "must divide an hour"},
	{"[daemon]\nprofile_interval_min = 0\n" METER, "must be a number from 1 to 60"},
	{"[daemon]\ntime_zone = Europe/Bonn\n" METER,
	 ":2: time_zone = Europe/Bonn: there is no zone of that name in /usr/share/"},
	{"[daemon]\ntime_zone = /usr/share/zoneinfo/UTC\n" METER,
	 ":2: time_zone = /usr/share/zoneinfo/UTC: is no name of a time zone"},
	{"[daemon]\ntime_zone = ../../../etc/localtime\n" METER, "is no name of a time zone: one is Europe/Berlin"},
	{"[daemon]\ntime_zone = CET-1CEST,M3.5.0,M10.5.0/3\n" METER, "is no name of a time zone: one is Europe/Berlin"},
	{"[daemon]\ntime_zone = Europe\n" METER, ":2: time_zone = Europe: /usr/share/zoneinfo/Europe is no file of a time zone"},
	{"[daemon]\ntime_zone = zone1970.tab\n" METER, "/usr/share/zoneinfo/zone1970.tab is no file of a time zone"},
	{"[daemon]\ntime_zone =\n" METER, ":2: time_zone"},
	{"[daemon]\ntime_zone = Asia/Kathmandu\nprofile_interval_min = 60\n" METER,
	 ":3: profile_interval_min = 60: an interval of that length would not end at midnight in the time zone Asia/Kathmandu; "
	 "these "
	 "do: 1, 3, 5, 15"},
	{"[daemon]\nprofile_interval_min = 60\ntime_zone = Australia/Lord_Howe\n" METER, ":2: profile_interval_min = 60: "},
	{"[front-end]\ndriver = mcp1\n" METER, ":2: driver = mcp1: must be one of ade9000|ade9000-minimeter|mcp3910|"},
	{"[outputs]\ndriver = smoke\n" METER, ":2: driver = smoke: must be one of gpiod|trace|none"},
	{"[daemon]\nclock = sundial\n" METER, "must be one of system|board"},
	{"[daemon]\nclock =\n" METER, "must be one of system|board"},
	{"[daemon]\nclients_max = 3\nclients_max = 4\n" METER,
	 ":3: clients_max is given twice in section [daemon], first in line 2"},
	{"[daemon]\nclients_max = 3\n  4\n" METER, ":3: this line begins with a blank"},
	{METER "model = MMS-120-1001\n", ":6: model is given twice"},
	{METER "output_10 = ,active-low\n", ":6: output_10"},
	{METER "ct_sets = 4\n", ":6: ct_sets = 4: must be a number from 1 to 3"},
	{METER "generation = solar\n",
	 ":6: generation = solar: must be yes, no, element1, element2 or element3: where can power flow backwards?"},
	{"[meter x]\nmodel = MMS-120-1001\nserial = 1\nelement1=A\ngeneration=element2\n",
	 ":5: [meter x]: generation = element2: model MMS-120-1001 has a single element; write generation = yes"},
	{METER "output_1000 = GPIO1\n", "[meter flat 1]: output_1000: model MMD-120-2001-T-SCC does not have this output"},
	{"[meter x]\nmodel = MS 240 F 01 SO 011 00\nserial = 1\nelement1 = A\n",
	 ":2: model = MS 240 F 01 SO 011 00: is no model number: "},
	{"[meter x]\nmodel = XYZ\nserial = 1\nelement1 = A\n", ":2: model = XYZ: is no model number: "},
	{"[meter x]\nmodel = MMS-120-1001\nserial = 1\nelement1 = D\n", "must be a phase of the front end: A, B or C"},
	{"[meter x]\nserial = 1\nelement1 = A\n", "[meter x]: model is missing"},
	{"[meter x]\nmodel = MMS-120-1001\nelement1 = A\n", "[meter x]: serial is missing"},
	{"[meter x]\nmodel = MMS-120-1001\nserial = 1\n", "[meter x]: element1 is missing"},
	{"[meter x]\nmodel = MMD-120-1001\nserial = 1\nelement1=A\n", "[meter x]: element2 is missing"},
	{"[meter x]\nmodel = MMS-120-1001\nserial = 1\nelement1=A\nelement2=B\n", "has a single element"},
	{"[meter x]\nmodel = MMD-120-1001\nserial = 1\nelement1=A\nelement2=A\n", "on the same phase"},
	{"[meter x]\nmodel = MMS-120-1001\nserial = 1\nelement1=A\nlcd=/dev/lcd\n", "has no display"},
	{METER "[meter y]\nmodel = MMS-120-2001\nserial = 1001\nelement1=C\n", "serial 1001 is meter"},
	{METER "[meter y]\nmodel = MMS-120-1001\nserial = 2\nelement1=B\n",
	 ":9: [meter y]: shares phase B with meter \"flat 1\""},
	{"[meter x]\nmodel = MS 120 F 02 SO 011 00\nserial = 1\nelement1=A\n[meter y]\nmodel = MS 120 F 02 SO 011 00\nserial = "
	 "2\nelement1=B\n"
	 "[meter z]\nmodel = MS 120 F 02 SO 011 00\nserial = 3\nelement1=C\n",
	 "whose enclosure holds 2"},

	/* What an earlier version called in order, and refused at the start or misread. */
	{"[front-end]\nburden_ohm = 10\n" METER, ":2: [meter flat 1]: burden_ohm = 10 gives a full scale of 141 A, below the 220 "
						 "A of the limit of MMD-120-2001-T-SCC; 6.42 "
						 "ohm or less is right"},
	{"[front-end]\ndriver = mcp3912\n" METER,
	 ":2: [meter flat 1]: burden_ohm = 5.1 gives a full scale of 166 A, below the 220 A"},
	{"[meter x]\nmodel = MMS-120-2002\nserial = 1\nelement1=A\n",
	 ": [meter x]: burden_ohm = 5.1 gives a full scale of 139 A"},
	{"[front-end]\nvoltage_divider = 100\n" METER, ":2: voltage_divider = 100 gives a full scale of 71 V"},
	{"[front-end]\ndriver = mcp3910\nburden_ohm = 3.3\n" METER,
	 ":2: [front-end]: phase B has channels 3 (voltage_channel_b) and 2 (current_channel_b): mcp3910 has 0 to 1"},
	{"[front-end]\ndriver = mcp3912\nburden_ohm = 3.3\nosr = 4096\n" METER,
	 ":2: [front-end]: mclk_hz = 4000000 / (4 * osr = 4096)"},
	{METER "multiplier = 10\n", ":6: [meter flat 1]: 528 kW would be pulses of less than 40 ms: write model = generic"},
	{METER "multiplier = 0\n", ":6: multiplier = 0: must be a number from 0.01 to 1000"},
	{METER "element3 = C\n", ":6: [meter flat 1]: element3: model MMD-120-2001-T-SCC has two elements; remove this line"},
	{METER "generation = element3\n", ":6: [meter flat 1]: generation = element3: model MMD-120-2001-T-SCC has two elements; "
					  "write generation = yes, element1"},
	{"[meter x]\nmodel=generic\nelements=3\nservice=3-phase-4-wire\nrated_voltage_v=230\nct=200:0.1\nkh_wh=10\nserial=1\n"
	 "element1=A\nelement2=B\nelement3=A\n",
	 ":11: [meter x]: element1 and element3 are on the same phase"},
	{METER "ct = 400:0.1\n", ":6: [meter flat 1]: ct: model MMD-120-2001-T-SCC says this already"},
	{"[meter x]\nmodel = generic\nserial = 1\nelement1 = A\nct=200:0.1\nkh_wh=10\nrated_voltage_v=230\n"
	 "service=1-phase-2-wire\n",
	 ":2: [meter x]: elements is missing"},
	{"[meter x]\nmodel = generic\nserial = 1\nelement1 = A\nct=200:0.1\nkh_wh=10\nrated_voltage_v=230\nelements=1\n",
	 ":2: [meter x]: service is missing"},
	{"[meter x]\n" GENERIC "serial=1\nelement1=A\nelement2=B\n[front-end]\nburden_ohm = 5.1\n",
	 ":12: burden_ohm: no CT here needs one, they all give volts"},
	{"[front-end]\nburden_ohm_a = 5.1\n[meter x]\nmodel=generic\nelements=1\nservice=1-phase-2-wire\nrated_voltage_v=230\n"
	 "ct=200:0.333V\nkh_wh=10\nserial=1\nelement1=A\n" ONE_OF_AMPERES,
	 ":2: burden_ohm_a: the CT of this phase gives volts; remove this line, and the resistor"},
	{"[front-end]\nvoltage_divider = 370\n[meter x]\n" GENERIC "serial=1\nelement1=A\nelement2=B\n",
	 ":2: voltage_divider = 370 gives a full scale of 262 V, below the supply's 264 V; 375 or more is right"},
	{"[front-end]\ndriver = mcp3912\n[meter x]\nmodel=generic\nelements=1\nservice=1-phase-2-wire\nrated_voltage_v=230\n"
	 "ct=100:1V\nkh_wh=10\nserial=1\nelement1=A\n",
	 ":8: [meter x]: a CT of 1 V gives 1.100 V at 110 % of its rating, and mcp3912 takes 0.424 V"},
	{"[meter x]\nct_sets = 2\n" GENERIC "serial=1\nelement1=A\nelement2=B\n",
	 ":2: [meter x]: ct_sets = 2: CTs that give volts show the mean of theirs in parallel, not the sum"},
	{"[meter "
	 "x]\nelement1=A\nserial=1\nmodel=generic\nelements=1\nservice=1-phase-2-wire\nrated_voltage_v=230\nct=2000:0.333V\n"
	 "kh_wh=10\n",
	 ":9: [meter x]: 506 kW would be pulses of less than 40 ms: write a larger kh_wh, up to 1000"},
	{"[meter "
	 "x]\nelements=1\nmodel=generic\nservice=split-phase-3-wire\nrated_voltage_v=230\nct=20:0.333V\nkh_wh=10\nserial="
	 "1\nelement1=A\n",
	 ":2: [meter x]: elements: service split-phase-3-wire is for two elements"},
	{"[meter x]\n" GENERIC "serial=1\nelement1=A\nelement2=B\n[meter y]\nmodel=generic\nelements=1\n"
	 "service=1-phase-2-wire\nrated_voltage_v=120\nct=200:0.333V\nkh_wh=100\nserial=2\nelement1=A\n",
	 ":19: [meter y]: shares phase A with meter \"x\", whose CT ratio or rated voltage is another"},
	{"[meter y]\nmodel=generic\nelements=1\nservice=1-phase-2-wire\nrated_voltage_v=120\nct=200:0.333V\nkh_wh=100\nserial=2\n"
	 "element1=A\noutput_10=GPIO5\n",
	 ":10: [meter y]: output_10: model GEN-1P2W-120-200:0.333V-100 does not have this output"},
	{METER "ct = 200:333mV\n", ":6: ct = 200:333mV: is no CT: primary amperes, a colon, and amperes or volts"},
	{METER "ct = 200.5:0.333V\n", ":6: ct = 200.5:0.333V: is no CT"},
	{METER "kh_wh = 20\n", ":6: kh_wh = 20: must be 10, 100 or 1000"},
	{METER "service = delta\n", ":6: service = delta: must be one of 1-phase-2-wire, split-phase-3-wire"},
	{METER "rated_voltage_v = 400\n", ":6: rated_voltage_v = 400: must be a number from 100 to 277"},
	{METER "output_10 = GPIO17\nled_load = GPIO17,active-low\n",
	 ":7: [meter flat 1]: led_load = GPIO17,active-low: this line is taken by output_10 of meter flat 1 (line 6)"},
	{METER "output_10 = gpiochip0:4\n[meter y]\nmodel=MMS-120-2001\nserial=2\nelement1=C\ncounter = gpiochip0:04\n",
	 ":11: [meter y]: counter = gpiochip0:04: this line is taken by output_10 of meter flat 1 (line 6)"},
	{"[power-fail]\nline = GPIO4\n" METER "counter = GPIO4\n",
	 ":8: [meter flat 1]: counter = GPIO4: this line is taken by [power-fail]"},
	{"[daemon]\nregister = /r.db\ncopy = /r.db\n" METER,
	 ":3: copy = /r.db: this is the register's own file (register = /r.db)"},
	{"[daemon]\nregister = /r.db\ncopy = //./r.db\n" METER, ":3: copy = //./r.db: this is the register's own file"},
	{"[daemon]\nregister = /r.db\ncopy = /r.db.backup\n" METER, ":3: copy = /r.db.backup: this is the register's own file"},
	{"[daemon]\nregister = r.db\ncopy = /var/lib/minimeter/register.db\n" METER,
	 ":2: register = r.db: must be an absolute path"},
	{"[daemon]\nsocket = s\nadmin_socket = /run/minimeter/minimeter.sock\n" METER,
	 ":2: socket = s: must be an absolute path"},
	{"[daemon]\nsocket = /run/minimeter/admin.sock\n" METER,
	 ":2: socket and admin_socket are both /run/minimeter/admin.sock"},
	{"[front-end]\nuri = 192.168.1.7\n" METER,
	 ":2: uri = 192.168.1.7: must be local: for a chip on this machine, or ip:HOST for "
	 "one elsewhere; is it ip:192.168.1.7?"},
	{"[daemon]\nclock = board\n" METER, ":2: clock = board: only a board of minimeter-sim has a clock, at uri = ip:HOST"},
	{"[meter x]\nmodel = MMS-120-2001\nserial = \"1001\"\nelement1=A\n",
	 ":3: serial = \"1001\": the quotes would be part of the value"},
	{"[meter x]\nmodel = MMS-120-2001\nserial = '1001'\nelement1=A\n",
	 ":3: serial = '1001': the quotes would be part of the value"},
	{"[meter \"x\"]\nmodel = MMS-120-2001\nserial = 1\nelement1=A\n", ":1: [meter \"x\"]: quotes would be part of the name"},
	{"[meter x]\nmodel = MMS-120-2001\nserial = 004711   # the shop's meter\nelement1=A\n",
	 ":3: serial = 004711   # the shop's meter: a # begins a comment only at the start of a line: write the comment on a "
	 "line of "
	 "its own, or with ;"},
	{"[daemon]\ncommit_wh = 8 # Wh\n" METER, ":2: commit_wh = 8 # Wh: a # begins a comment only at the start of a line"},
	{"[meter x]\nmodel = MMS-120-2001\nserial = M\xfc-1\nelement1=A\n",
	 ":3: this line is not UTF-8 text: save the file as UTF-8"},
	{"# M\xfcller's\n" METER, ":1: this line is not UTF-8 text"},
	{"[meter M\xfcller]\nmodel = MMS-120-2001\nserial = 1\n", ":1: this line is not UTF-8 text"},
	{"[daemon]\nsocket = /a\033[2J\n" METER, ":2: this line has a control character"},
	{"[meter 1234567890123456789012345678901234567890123456789012345678901234]\nmodel = MMS-120-2001\n",
	 ":1: a meter's section has a name of 1 to 63 characters"},

	/* Errors that misled. */
	{METER "[daemon]\nclients_max = 3\n[outputs]\n[daemon]\nclients_max = 3\n",
	 ":9: section [daemon] is given twice, first in line 6, and clients_max in both: write all its keys there"},
	{METER METER, ":6: section [meter flat 1] is given twice, first in line 1, and model in both: write all its keys there, "
		      "or give the second meter"},
	{"[Meter x]\nmodel = MMS-120-2001\n", ":1: unknown section [Meter x]: a meter's is [meter NAME], in small letters"},
	{"[Daemon]\nclients_max = 3\n" METER, ":1: unknown section [Daemon]: write [daemon]"},
	{"[daemon]\nclients_max = 3\n[front-end\nburden_ohm = 5.1\n" METER, ":3: this line begins a section whose name has no ]"},
	{"[daemon] clients_max = 3\n" METER, ":1: this line goes on behind the ] of a section"},
	{"[front-end]\nburden_ohm = 5,1\n" METER, ":2: burden_ohm = 5,1: has a comma: write a decimal point, as in 5.1"},
	{"[daemon]\nburden_ohm = 5\n" METER, ":2: burden_ohm is no key of section [daemon]: write it below [front-end]"},
	{METER "clock = board\n", ":6: clock is no key of section [meter flat 1]: write it below [daemon]"},
	{"[daemon]\nsocket = 1234567890123456789012345678901234567890123456789012345678\xc3\xbc\xe5\xba\x97\n" METER,
	 ":2: socket = 1234567890123456789012345678901234567890123456789012345678\xc3\xbc: must be an absolute path"},
	{"clients_max = 3\n" METER, ":1: clients_max: no [section] begins above this line"},
};

START_TEST(what_is_wrong_is_refused_with_its_place)
{
	struct fixture *f = setup();
	const char *text = f->errors.error[0].text;

	ck_assert_int_eq(load(f, refused[_i].text), -EINVAL);
	ck_assert_msg(strncmp(text, f->path, strlen(f->path)) == 0, "no file name in: %s", text);
	ck_assert_msg(strstr(text, refused[_i].expected) != NULL, "expected \"%s\" in: %s", refused[_i].expected, text);
	ck_assert_ptr_null(strchr(text, '\n'));
	ck_assert_msg(f->errors.count == 1, "%s\n%s", text, f->errors.error[1].text);
	ck_assert(!f->errors.more);
	ck_assert_ptr_null(f->config);
	teardown(f);
}
END_TEST

/* These errors, in this order, and no other. */
static void assert_said(const struct fixture *f, const char *const expected[], unsigned count)
{
	for (unsigned i = 0; i < f->errors.count; i++) {
		ck_assert_msg(i < count && strstr(f->errors.error[i].text, expected[i]), "%s", f->errors.error[i].text);
	}
	ck_assert_uint_eq(f->errors.count, count);
}

/* Each line that is wrong, once, in the order of the lines; and nothing that follows from it. */
START_TEST(all_errors_come_at_once)
{
	struct fixture *f = setup();
	static const char *const expected[] = {
		":2: clients_max = 0: must be a number from 1 to 256",
		":3: unknown key \"sockt\"",
		":4: this line begins with a blank",
		":6: [meter x]: serial is missing",
		":6: [meter x]: element1 is missing",
		":7: [meter x]: burden_ohm = 5.1",
		":8: unknown section [nonsense]",
		":11: model = XYZ: is no model number",
		":12: serial = 7 # seven: a # begins",
	};

	ck_assert_int_eq(load(f, "[daemon]\nclients_max = 0\nsockt = /x\n socket = /y\n admin_socket = /z\n"
				 "[meter x]\nmodel = MMS-120-2002\n[nonsense]\nkey = 1\n"
				 "[meter y]\nmodel = XYZ\nserial = 7 # seven\nelement1 = B\nelement2 = B\n"),
			 -EINVAL);
	assert_said(f, expected, MM_COUNT_OF(expected));
	teardown(f);
}
END_TEST

/* A typo that is copied from one section to the next one. */
START_TEST(lines_that_are_wrong_in_the_same_words)
{
	static const char *const expected[] = {
		":2: driver = mcp: ", ":5: driver = mcp: ", ":11: multiplier = x: ", ":16: multiplier = x: "};
	struct fixture *f = setup();

	ck_assert_int_eq(load(f, "[front-end a]\ndriver=mcp\nburden_ohm=50\n[front-end b]\ndriver=mcp\nburden_ohm=50\n"
				 "[meter x]\nmodel=MMS-120-2001\nserial=1\nelement1=a:A\nmultiplier=x\n"
				 "[meter y]\nmodel=MMS-120-2001\nserial=2\nelement1=b:A\nmultiplier=x\n"),
			 -EINVAL);
	assert_said(f, expected, MM_COUNT_OF(expected));
	teardown(f);
}
END_TEST

/* A line of the file below, and a value that is wrong there. */
static const struct {
	const char *key, *value, *expected;
} wrong[] = {
	{"driver", "mcp", "must be one of"},
	{"uri", "10.0.0.1", "is it ip:10.0.0.1?"},
	{"device", "\"x\"", "quotes"},
	{"voltage_divider", "x", "must be a number"},
	{"voltage_divider_a", "x", "must be a number"},
	{"burden_ohm", "0", "must be a number"},
	{"burden_ohm", "50", "gives a full scale"},
	{"burden_ohm_b", "x", "must be a number"},
	{"burden_ohm_b", "50", "gives a full scale"},
	{"mclk_hz", "1", "must be a number"},
	{"osr", "500", "osr = 500: "},
	{"phase_deg_a", "11", "must be a number"},
	{"model", "Generic", "is no model number"},
	{"elements", "1", "service 2-phase-3-wire is for two elements"},
	{"elements", "3", "service 2-phase-3-wire is for two elements"},
	{"elements", "4", "must be a number"},
	{"elements", "1.5", "must be a whole number"},
	{"service", "3-phase-3-wire", "must be one of 1-phase-2-wire"},
	{"rated_voltage_v", "400", "must be a number from 100 to 277"},
	{"rated_voltage_v", "230.5", "must be a whole number"},
	{"ct", "200", "is no CT"},
	{"ct", "200:0.333", "ct = 200:0.333: these are amperes, and 0.333 A are unusual: is it 200:0.333V?"},
	{"ct", "200:0.3333", "is it 200:0.3333V?"},
	{"ct", "200:10", "is it 200:10V?"},
	{"kh_wh", "20", "must be 10, 100 or 1000"},
	{"multiplier", "-1", "must be a number"},
	{"multiplier", "1000", "pulses of less than 40 ms"},
	{"ct_sets", "4", "must be a number"},
	{"serial", "\"1\"", "quotes"},
	{"element1", "D", "must be a phase"},
	{"element2", "A", "on the same phase"},
	{"generation", "maybe", "must be yes"},
};

/* What would follow from a wrong value is not said. */
START_TEST(a_wrong_value_is_one_error)
{
	static const char *const lines[][2] = {{"[front-end]", NULL},
					       {"driver", "mcp3912"},
					       {"uri", "local:"},
					       {"device", "mcp3912"},
					       {"voltage_divider", "1001"},
					       {"voltage_divider_a", "1001"},
					       {"burden_ohm", "3.3"},
					       {"burden_ohm_b", "3.3"},
					       {"mclk_hz", "2000000"},
					       {"osr", "128"},
					       {"phase_deg_a", "1"},
					       {"[meter x]", NULL},
					       {"model", "generic"},
					       {"elements", "2"},
					       {"service", "2-phase-3-wire"},
					       {"rated_voltage_v", "230"},
					       {"ct", "200:0.1"},
					       {"kh_wh", "10"},
					       {"multiplier", "1"},
					       {"ct_sets", "1"},
					       {"serial", "1"},
					       {"element1", "A"},
					       {"element2", "B"},
					       {"generation", "no"}};
	struct fixture *f = setup();
	char text[1024] = "", place[32] = "";

	for (int i = 0; i < MM_COUNT_OF(lines); i++) {
		bool here = strcmp(lines[i][0], wrong[_i].key) == 0;
		size_t used = strlen(text);

		if (!lines[i][1]) {
			snprintf(text + used, sizeof(text) - used, "%s\n", lines[i][0]);
			continue;
		}
		if (here) {
			snprintf(place, sizeof(place), ":%d: ", i + 1);
		}
		snprintf(text + used, sizeof(text) - used, "%s = %s\n", lines[i][0], here ? wrong[_i].value : lines[i][1]);
	}
	ck_assert_int_eq(load(f, text), -EINVAL);
	ck_assert_msg(f->errors.count == 1, "%s\n%s", f->errors.error[0].text, f->errors.error[1].text);
	ck_assert_msg(strstr(f->errors.error[0].text, place) && strstr(f->errors.error[0].text, wrong[_i].expected), "%s%s: %s",
		      place, wrong[_i].expected, f->errors.error[0].text);
	teardown(f);
}
END_TEST

/* 1 A is what a CT may give, but not into the burden of 5.1 ohm that is there where nobody says another. */
START_TEST(one_ampere_needs_a_burden)
{
	static const char meter[] = "[meter x]\nmodel=generic\nelements=1\nservice=1-phase-2-wire\nrated_voltage_v=230\n"
				    "ct=200:1\nkh_wh=10\nserial=1\nelement1=A\n[front-end]\nvoltage_divider=1001\n";
	static const char *const burdens[] = {"burden_ohm", "burden_ohm_a"};
	struct fixture *f = setup();
	char text[512];

	ck_assert_int_eq(load(f, meter), -EINVAL);
	ck_assert_uint_eq(f->errors.count, 1);
	ck_assert(is_said(f, ":6: [meter x]: ct = 200:1: ") && is_said(f, "is it 200:1V?"));
	for (int i = 0; i < MM_COUNT_OF(burdens); i++) {
		snprintf(text, sizeof(text), "%s%s = 0.5\n", meter, burdens[i]);
		ck_assert_int_eq(load(f, text), 0);
		free(f->config);
		f->config = NULL;
	}
	teardown(f);
}
END_TEST

START_TEST(more_errors_than_are_kept)
{
	struct fixture *f = setup();
	char text[4096] = "[daemon]\n";

	for (int i = 0; i <= MM_CONFIG_ERRORS_MAX; i++) {
		sprintf(text + strlen(text), "key_%d = 1\n", i);
	}
	ck_assert_int_eq(load(f, text), -EINVAL);
	ck_assert_uint_eq(f->errors.count, MM_CONFIG_ERRORS_MAX);
	ck_assert(f->errors.more);
	teardown(f);
}
END_TEST

START_TEST(a_long_line_is_refused_not_cut)
{
	struct fixture *f = setup();
	char text[1024] = "[daemon]\nsocket = /";

	memset(text + strlen(text), 'x', 400);
	strcat(text, "\n" METER);
	ck_assert_int_eq(load(f, text), -EINVAL);
	ck_assert_ptr_nonnull(strstr(f->errors.error[0].text, ":2:"));
	teardown(f);
}
END_TEST

START_TEST(a_missing_file_says_so)
{
	struct fixture *f = setup();

	ck_assert_int_eq(mm_config_load("/nonexistent/minimeter.conf", &f->errors, &f->config), -ENOENT);
	ck_assert_str_eq(f->errors.error[0].text, "/nonexistent/minimeter.conf: No such file or directory");
	teardown(f);
}
END_TEST

/* Whatever the key: where it is printed, what is hidden would do something. */
START_TEST(no_key_takes_a_hidden_character)
{
	struct fixture *f = setup();
	char text[512];

	for (size_t i = 0; i < MM_CONFIG_PARTS; i++) {
		const struct mm_config config = {.front_end[0].name = "", .meter[0].name = "x"};
		const struct mm_config_part part = mm_config_part(&config, i);
		char section[MM_CONFIG_SECTION_MAX];

		for (size_t k = 0; k < part.table->count; k++) {
			snprintf(text, sizeof(text), "[%s]\n%s = a\xe2\x80\x8b\n", mm_config_section(&part, section),
				 part.table->keys[k].name);
			ck_assert_int_eq(load(f, text), -EINVAL);
			ck_assert_msg(is_said(f, ":2: this line has a hidden character"), "%s", text);
		}
	}
	ck_assert_int_eq(load(f, "[meter a\xe2\x80\xae]\nmodel = MMS-120-2001\nserial = 1\n"), -EINVAL);
	ck_assert(is_said(f, ":1: this line has a hidden character"));
	ck_assert_int_eq(load(f, "[meter \xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae]\nmodel = MMS-120-2001\nserial = "
				 "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7\nelement1 = A\n"),
			 0);
	ck_assert_str_eq(f->config->meter[0].name, "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae");
	free(f->config);
	f->config = NULL;
	ck_assert_int_eq(load(f, "; hidden in a comment: \xe2\x80\x8d\n" METER), 0);
	teardown(f);
}
END_TEST

START_TEST(a_directory_is_no_configuration)
{
	struct fixture *f = setup();

	ck_assert_int_lt(mm_config_load("/tmp", &f->errors, &f->config), 0);
	ck_assert_ptr_nonnull(strstr(f->errors.error[0].text, "/tmp: "));
	teardown(f);
}
END_TEST

TCase *refused_tcase(void)
{
	TCase *tcase = tcase_create("refused");

	tcase_add_loop_test(tcase, what_is_wrong_is_refused_with_its_place, 0, MM_COUNT_OF(refused));
	tcase_add_test(tcase, all_errors_come_at_once);
	tcase_add_test(tcase, lines_that_are_wrong_in_the_same_words);
	tcase_add_loop_test(tcase, a_wrong_value_is_one_error, 0, MM_COUNT_OF(wrong));
	tcase_add_test(tcase, one_ampere_needs_a_burden);
	tcase_add_test(tcase, more_errors_than_are_kept);
	tcase_add_test(tcase, a_long_line_is_refused_not_cut);
	tcase_add_test(tcase, a_missing_file_says_so);
	tcase_add_test(tcase, no_key_takes_a_hidden_character);
	tcase_add_test(tcase, a_directory_is_no_configuration);
	return tcase;
}
