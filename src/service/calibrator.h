/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_CALIBRATOR_H
#define MM_SERVICE_CALIBRATOR_H

/*
 * The calibration of one element at a time: a session that a client leads through the points, measured here window by window.
 * A point is taken as found, with the constants in force, and as left, with the proposed ones; what the meter registers changes
 * only when the proposal is accepted and its record is on the disk.
 *
 * A session outlives the connections of its client, but not the daemon: it has a random name that a later daemon does not know.
 */

#include "core/calibration.h"
#include "metering/calibration.h"
#include "metering/view.h"
#include "service/identity.h"
#include "varlink/varlink.h"

#define MM_CALIBRATION_SESSION_MAX 17

enum mm_calibration_stage { MM_CALIBRATION_FOUND, MM_CALIBRATION_LEFT, MM_CALIBRATION_STAGE_COUNT };

struct mm_calibrator {
	struct mm_engine *engine;
	struct mm_store_worker *worker;
	char session[MM_CALIBRATION_SESSION_MAX]; /* empty: none is open */
	unsigned meter, element;		  /* indexes */
	char who[MM_IDENTITY_MAX];
	int64_t started_ns;								       /* CLOCK_REALTIME */
	struct mm_calibration_run run[MM_CALIBRATION_STAGE_COUNT][MM_CALIBRATION_POINT_COUNT]; /* no windows: not measured */
	struct mm_calibration_result result[MM_CALIBRATION_STAGE_COUNT][MM_CALIBRATION_POINT_COUNT];
	bool solved;
	struct mm_calibration proposed;
	bool writing; /* a version is on its way to the disk: nothing may change under it */

	/* The measurement under way. */
	struct mm_varlink_call *call; /* NULL: none */
	enum mm_calibration_stage stage;
	enum mm_calibration_point point;
	double seconds;	  /* wanted */
	int64_t from_ns;  /* windows that began earlier don't count */
	uint64_t windows; /* of the engine, when last looked */
	struct mm_calibration_run measured;
};

/* engine and worker are borrowed. */
void mm_calibrator_init(struct mm_calibrator *calibrator, struct mm_engine *engine, struct mm_store_worker *worker);

/* Takes note of a new window or of a fault. */
void mm_calibrator_update(struct mm_calibrator *calibrator);

/* Gives up the measurement under way; for shutting down. */
void mm_calibrator_done(struct mm_calibrator *calibrator);

/*
 * StartCalibration, MeasureCalibration, SetCalibrationReference, AcceptCalibration, CancelCalibration, ReturnCalibration and
 * GetCalibration of org.minimeter; userdata is the service.
 */
void mm_calibrator_start(struct mm_varlink_call *call, const json_t *parameters, void *userdata);
void mm_calibrator_measure(struct mm_varlink_call *call, const json_t *parameters, void *userdata);
void mm_calibrator_reference(struct mm_varlink_call *call, const json_t *parameters, void *userdata);
void mm_calibrator_accept(struct mm_varlink_call *call, const json_t *parameters, void *userdata);
void mm_calibrator_cancel(struct mm_varlink_call *call, const json_t *parameters, void *userdata);
void mm_calibrator_return(struct mm_varlink_call *call, const json_t *parameters, void *userdata);
void mm_calibrator_get(struct mm_varlink_call *call, const json_t *parameters, void *userdata);

/* ---- Between the calibrator's own files ---- */

/* The open session, or null. */
json_t *mm_calibrator_session_json(const struct mm_calibrator *calibrator);

/* Is this a call of the open session's client, at a time when it may act? False after having answered. */
bool mm_calibrator_check_session(const struct mm_calibrator *calibrator, struct mm_varlink_call *call, const json_t *parameters);

/* Is no session open? False after having answered. */
bool mm_calibrator_idle(const struct mm_calibrator *calibrator, struct mm_varlink_call *call);

/* The points of the session with their percent registration, and the averages, as fields of a new object. */
json_t *mm_calibrator_registration_json(const struct mm_calibrator *calibrator);

/* Answers with CalibrationRefused. */
void mm_calibrator_refuse(struct mm_varlink_call *call, const char *reason, const char *advice);

/* The same for what core found wrong with a measurement of a point of the session, or with its reference. */
void mm_calibrator_refuse_run(const struct mm_calibrator *calibrator, struct mm_varlink_call *call,
			      enum mm_calibration_fault fault, const struct mm_calibration_run *run,
			      enum mm_calibration_point point, double reference_w);

#endif
