/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_SESSION_H
#define MM_SERVICE_SESSION_H

/*
 * The calibration of one element at a time: a session in which a client goes through the points, measured here window by window.
 * A point is taken as found, with the constants in force, and as left, with the proposed ones; what the meter registers changes
 * only when the proposal is accepted and its record is on the disk.
 *
 * A session outlives the connections of its client, but not the daemon: it has a random name that a later daemon does not know.
 * As long as it is open, and while constants are being stored, no other begins.
 */

#include "core/calibration.h"
#include "service/deferred.h"
#include "service/peer.h"
#include "service/private.h"
#include "varlink/varlink.h"

#define MM_SESSION_NAME_MAX 17

enum mm_calibration_stage { MM_CALIBRATION_FOUND, MM_CALIBRATION_LEFT, MM_CALIBRATION_STAGE_COUNT };

/* A measurement under way. */
struct mm_session_measurement {
	struct mm_deferred deferred;
	enum mm_calibration_stage stage;
	enum mm_calibration_point point;
	double seconds;	  /* asked for */
	int64_t from_ns;  /* windows that began earlier don't count */
	uint64_t windows; /* since the start of the daemon, when last looked */
	struct mm_calibration_run run;
};

struct mm_session {
	const struct mm_metering *metering;
	char name[MM_SESSION_NAME_MAX];
	unsigned meter, element; /* indexes */
	char user[MM_PEER_NAME_MAX];
	int64_t started_ns;								       /* CLOCK_REALTIME */
	struct mm_calibration_run run[MM_CALIBRATION_STAGE_COUNT][MM_CALIBRATION_POINT_COUNT]; /* no windows: not measured */
	struct mm_calibration_result result[MM_CALIBRATION_STAGE_COUNT][MM_CALIBRATION_POINT_COUNT];
	bool solved;
	struct mm_calibration proposed;
	struct mm_session_measurement *measurement; /* NULL: none */
};

/* Ends the session that is open, if any. */
void mm_session_end(struct mm_service *service);

const struct mm_model *mm_session_model(const struct mm_session *session);

/* The constants in force, of all elements of its meter. */
const struct mm_calibration *mm_session_in_force(const struct mm_session *session);

/* What a measurement of this stage is seen through. */
const struct mm_calibration *mm_session_constants(const struct mm_session *session, enum mm_calibration_stage stage);

/* Takes a reference, as found or as left, to what was measured at a point, and solves for the constants. */
enum mm_calibration_fault mm_session_take_reference(struct mm_session *session, enum mm_calibration_stage stage,
						    enum mm_calibration_point point, double reference_w);

/* The open session; null where there is none. */
json_t *mm_session_json(const struct mm_session *session);

/* The points of the session with their percent registration, and the averages, as fields of a new object. */
json_t *mm_session_registration_json(const struct mm_session *session);

/* The session of that name, at a time when it may be changed; NULL after having answered. */
struct mm_session *mm_session_find(struct mm_service *service, struct mm_varlink_call *call, const char *name);

/* Can a session begin, or constants be stored? False after having answered. */
bool mm_session_is_idle(const struct mm_service *service, struct mm_varlink_call *call);

/* Answers with CalibrationRefused. */
void mm_session_refuse(struct mm_varlink_call *call, const char *reason, const char *advice);

#endif
