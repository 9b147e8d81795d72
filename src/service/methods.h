/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_METHODS_H
#define MM_SERVICE_METHODS_H

/* The methods of org.minimeter, as the interface describes them; userdata is the service. */

#include "service/private.h"
#include "varlink/varlink.h"

/* Each of them: its name, its function mm_method_X() in a file method_*.c, and the sockets that it can be called on. */
#define MM_METHODS(X)                                                                                                            \
	X("Read", read, READ)                                                                                                    \
	X("Status", status, READ)                                                                                                \
	X("GetNameplate", nameplate, READ)                                                                                       \
	X("GetProfile", profile, READ)                                                                                           \
	X("GetReading", reading, READ)                                                                                           \
	X("GetStatement", statement, READ)                                                                                       \
	X("GetEvents", events, READ)                                                                                             \
	X("GetOutputs", outputs, READ)                                                                                           \
	X("GetHarmonics", harmonics, READ)                                                                                       \
	X("Verify", verify, READ)                                                                                                \
	X("GetHead", head, READ)                                                                                                 \
	X("Diagnose", diagnose, READ)                                                                                            \
	X("GetCalibration", calibration, READ)                                                                                   \
	X("Reload", reload, ADMIN)                                                                                               \
	X("TestOutput", test_output, ADMIN)                                                                                      \
	X("Preset", preset, ADMIN)                                                                                               \
	X("Correct", correct, ADMIN)                                                                                             \
	X("IssueStatement", issue, ADMIN)                                                                                        \
	X("RecordCheck", record_check, ADMIN)                                                                                    \
	X("StartCalibration", start_calibration, ADMIN)                                                                          \
	X("MeasureCalibration", measure_calibration, ADMIN)                                                                      \
	X("SetCalibrationReference", calibration_reference, ADMIN)                                                               \
	X("AcceptCalibration", accept_calibration, ADMIN)                                                                        \
	X("CancelCalibration", cancel_calibration, ADMIN)                                                                        \
	X("ReturnCalibration", return_calibration, ADMIN)

#define MM_METHOD(name, function, access)                                                                                        \
	void mm_method_##function(struct mm_varlink_call *call, const json_t *parameters, void *userdata);
MM_METHODS(MM_METHOD)

extern const struct mm_varlink_method mm_methods[];
extern const size_t mm_method_count;

/* Answers a call of an admin method on the read socket. */
void mm_methods_not_permitted(struct mm_varlink_call *call);

#endif
