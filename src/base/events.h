/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_EVENTS_H
#define MM_BASE_EVENTS_H

/*
 * What the daemon has to say, one row each: X(NAME, priority, code, MESSAGE_ID, text). Codes and MESSAGE_IDs are stable:
 * minimeterd(8) lists the latter. Rows that share a MESSAGE_ID are one message in several wordings. A code goes with an event of
 * the audit trail: MM_EVENT_NAMED: it is the name of what the event is about, MM_EVENT_LOG_ONLY: the line is in the log alone.
 */

#include <syslog.h>

#include "base/log.h"

#define MM_EVENT_NAMED ""
#define MM_EVENT_LOG_ONLY NULL

/* clang-format off */
#define MM_EVENTS(X) \
	X(START, LOG_INFO, "start", "b2dfaa82df394abb8bc75c0c62bfdcd5", \
	  "minimeterd " PACKAGE_VERSION " (SHA-256 %s) started with %u meter%s") \
	X(STOP, LOG_INFO, "stop", "7446fbc6114143c78ded77558c49d7b5", "stopped: %s") \
	X(CRASH, LOG_WARNING, "crash", "65943df2e33c4e10b141d5ea96e52387", \
	  "minimeterd ended without a stop; its last commit is of %s, %.1f s ago") \
	X(POWER_DOWN, LOG_WARNING, "power-down", "65943df2e33c4e10b141d5ea96e52387", \
	  "the machine went down without a stop; the last commit is of %s, %.0f s ago by the wall clock") \
	X(POWER_DOWN_UNDATED, LOG_WARNING, "power-down", "65943df2e33c4e10b141d5ea96e52387", \
	  "the machine went down without a stop; the last commit is of %s, how long ago no clock can tell") \
	X(RESUMED, LOG_INFO, "resumed", "f2dea07525c64a798d23bf985118b4a8", \
	  "goes on from memory: %.3f Wh that were still to be written, %u edges of outputs owed") \
	X(HANDOVER_REFUSED, LOG_WARNING, "handover-refused", "7bdb234ef55141cc8e5b55460d45f369", \
	  "what the run before left in memory is not used: %s; metering goes on from the register") \
	X(CLOCK_STEP, LOG_NOTICE, "clock-step", "6c96cfd87da5473d830831e85b948b5b", "wall clock set from %s to %s (%+.3f s)") \
	X(CLOCK_KNOWN, LOG_NOTICE, "clock-known", "a73bed97707a40efb6c34d526437d544", \
	  "the wall clock is synchronised now; it did not have to be set") \
	X(CLOCK_KNOWN_SET, LOG_NOTICE, "clock-known", "a73bed97707a40efb6c34d526437d544", \
	  "the wall clock is synchronised now; it was set by %+.3f s, by which the times that this run wrote before are wrong") \
	X(CLOCK_KNOWN_LATER, LOG_NOTICE, "clock-known", "a73bed97707a40efb6c34d526437d544", \
	  "the wall clock is synchronised now; by how much the times that the run before wrote are wrong, nothing can say") \
	X(FRONT_END_FAULT, LOG_ERR, MM_EVENT_NAMED, "dd75014063714c89b1a6cbd704fc51b7", \
	  "front end%s%s%s%s%s; its meters register nothing meanwhile") \
	X(FRONT_END_RECOVERED, LOG_NOTICE, "front-end-recovered", "dddc4b68dece4ecbb433205ffb203604", \
	  "front end%s%s in order again (was %s)") \
	X(CHIP_CHANGED, LOG_WARNING, MM_EVENT_LOG_ONLY, "b62795829f8e42819e61cabcd531cbc0", \
	  "metered by another chip: %s; before by %s: is its load the right one? A calibration was that of the chip before") \
	X(GAP, LOG_WARNING, "gap", "fbdfab50c4964e2aa28f1fd27fd7207b", \
	  "%s%s%s%u windows (%.1f s) were missed: their energy is not registered") \
	X(GAP_OTHER_SCALE, LOG_WARNING, "gap", "fbdfab50c4964e2aa28f1fd27fd7207b", \
	  "what the chip counted in the %.1f s up to this start is not registered: a setting that scales it, or says which " \
	  "chip it is of, is another than before") \
	X(ELEMENT_RAISED, LOG_WARNING, MM_EVENT_NAMED, "75c6b81d58d04f929366de5355772691", \
	  "element %u: %s raised (%.1f V, %.2f A, %.0f W)") \
	X(ELEMENT_CLEARED, LOG_NOTICE, MM_EVENT_NAMED, "e7006ab1534f4e52b88b4e66f2ab9666", \
	  "element %u: %s cleared (%.1f V, %.2f A, %.0f W)") \
	X(VOLTAGE, LOG_NOTICE, MM_EVENT_NAMED, "802396a06d364ec5bc96b2e27952071b", "element %u: %s of %.2f s, to %.1f V") \
	X(RECEIVED, LOG_NOTICE, "received", "1afc60e0260e4fa5ab56fafca0e94da8", \
	  "energy flows back to the supply: the received register goes on from %.6f kWh") \
	X(PRESET, LOG_NOTICE, "preset", "c639eddf162842a989009ffeb9379ff5", \
	  "preset by %s: +%.1f kWh delivered, +%.1f kWh received, the reading of meter %s; was %.6f kWh") \
	X(CORRECTION, LOG_NOTICE, "correction", "67730446553943a9b71fa0f5cdea7697", "wiring corrected by %s: %s (was: %s)") \
	X(CALIBRATION, LOG_NOTICE, MM_EVENT_LOG_ONLY, "84ed5dd0e6aa4ceab406e9a5ed542cca", "calibration: %s") \
	X(CALIBRATION_UNRECORDED, LOG_WARNING, "calibration-unrecorded", "84ed5dd0e6aa4ceab406e9a5ed542cca", \
	  "calibration %lld is in force, but its record is lost with the audit trail") \
	X(MULTIPLIER, LOG_NOTICE, MM_EVENT_LOG_ONLY, "c7ee0a996c9ca8ed1e373ceae041203f", "multiplier: %s") \
	X(TIME_ZONE, LOG_NOTICE, MM_EVENT_LOG_ONLY, "2cfacf748a6f42ae8a1530c5abe89237", "time zone: %s") \
	X(CHECK, LOG_NOTICE, "check", "9ad901f13aa14802842ca862bb409a9f", "installation test by %s: %s; installer %s") \
	X(STATEMENT_ISSUED, LOG_NOTICE, "statement-issued", "2e071072ac3e4f359f42db94d5d89b7d", \
	  "page T%lld issued by %.40s: %s to %s, SHA-256 %s") \
	X(OUTPUT_TEST, LOG_NOTICE, "output-test", "9c8f00a016784a09a82830459523526e", "output %s inverted for %d s by %s") \
	X(OUTPUTS_FAILING, LOG_ERR, "outputs-failing", "4d16a77b837a409a86cb69bc53e3c376", "outputs fail: %s") \
	X(OUTPUTS_RECOVERED, LOG_NOTICE, "outputs-recovered", "366ecba2c6fc4508a22d89f5a6075c51", "outputs work again") \
	X(OUTPUTS_UNCERTAIN, LOG_WARNING, "outputs-uncertain", "e4513db4afde4ca79ba31b8f2bbe5695", \
	  "the last run had no proper end: outputs go on at %.3f Wh, %.3f Wh behind the register, and may have put out " \
	  "more: up to %.1f Wh if it was at its largest load") \
	X(REGISTER_FAILING, LOG_ERR, "register-failing", "1667ecec43e64f8e80cc677ac78ea124", \
	  "the register cannot be written: %s; metering goes on in memory") \
	X(REGISTER_RECOVERED, LOG_NOTICE, "register-recovered", "3a7805458fee484eb5b545d632fbf132", \
	  "the register is written again; nothing was lost") \
	X(RECOVERED, LOG_WARNING, MM_EVENT_LOG_ONLY, "afd054643ea246e5b97571bdad6cd267", "the register was recovered: %s") \
	X(SERIAL_CORRECTED, LOG_NOTICE, "serial-corrected", "253b721e3fec4587bd59c52542f595e4", \
	  "an earlier version had misread the serial number as %s; its register goes on under serial %s") \
	X(COPY_FAILING, LOG_ERR, "copy-failing", "3bd0016d18b34eb2baa046fb09edf0a8", \
	  "the second copy of the register cannot be written: %s; each commit goes to the database") \
	X(COPY_RECOVERED, LOG_NOTICE, "copy-recovered", "299ff3fe97384631999bb25ecca2b82d", \
	  "the second copy of the register is written again") \
	X(BACKUP_FAILED, LOG_WARNING, "backup-failed", "f19f8c104d5f47e094fe51fe900d07f3", \
	  "the register could not be backed up: %s; it is tried again") \
	X(POWER_FAIL, LOG_WARNING, "power-fail", "bba68bb8fc164dff9d3eb22334c4732a", \
	  "the supply fails: everything is being written%s") \
	X(POWER_FAIL_WRITTEN, LOG_NOTICE, MM_EVENT_LOG_ONLY, "b3d2faf53f41434fa99ad450c75f900b", \
	  "everything was durable %.1f ms after the supply failed") \
	X(POWER_RETURNED, LOG_NOTICE, "power-returned", "377511b96ba84a6f9b378b7edea467ef", "the supply is back") \
	X(CLIENT_REFUSED, LOG_WARNING, MM_EVENT_LOG_ONLY, "79ede9b40e2a48b8b4899fda9633e4ef", \
	  "more than %d clients: new ones are refused (clients_max)") \
	X(RELOADED, LOG_NOTICE, MM_EVENT_LOG_ONLY, "fa8101247bea453cbb5145e8fd89b86a", "configuration reloaded%s%s") \
	X(RELOAD_REFUSED, LOG_ERR, MM_EVENT_LOG_ONLY, "fa8101247bea453cbb5145e8fd89b86a", \
	  "configuration not reloaded, the old one stays: %s") \
	X(STALLED, LOG_ERR, MM_EVENT_LOG_ONLY, "6b4031a4301949a9982a2fbff4c97e78", "the %s%s%s thread has made no progress for %d s")
/* clang-format on */

#define MM_EVENT_NAME(name, priority, code, message_id, text) MM_EVENT_##name,
enum mm_event { MM_EVENTS(MM_EVENT_NAME) MM_EVENT_COUNT };

/* Each text is an array of its own, for the compiler to compare with the arguments. */
#define MM_EVENT_TEXT(name, priority, code, message_id, text)                                                                    \
	static const char mm_event_text_##name[] __attribute__((unused)) = text;
MM_EVENTS(MM_EVENT_TEXT)

struct mm_event_row {
	int priority;
	const char *code; /* MM_EVENT_NAMED, MM_EVENT_LOG_ONLY */
	const char *message_id;
};

const struct mm_event_row *mm_event_row(enum mm_event event);

/* One line to the log by the row of that NAME; meter as for mm_log(). */
#define mm_log_event(NAME, meter, ...)                                                                                           \
	mm_log(mm_event_row(MM_EVENT_##NAME)->priority, mm_event_row(MM_EVENT_##NAME)->message_id, meter, mm_event_text_##NAME,  \
	       ##__VA_ARGS__)

#endif
