/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_METHODS_H
#define MM_SERVICE_METHODS_H

/* The methods of org.minimeter, as the interface describes them; userdata is the service. */

#include "service/private.h"
#include "varlink/varlink.h"

/* All of them, and who can call them. */
extern const struct mm_varlink_method mm_methods[];
extern const size_t mm_method_count;

/* Answers a call of an admin method on the read socket. */
void mm_methods_not_permitted(struct mm_varlink_call *call);

#define MM_METHOD(name) void mm_method_##name(struct mm_varlink_call *call, const json_t *parameters, void *userdata)

/* method_read.c */
MM_METHOD(read);
MM_METHOD(status);
MM_METHOD(nameplate);
/* method_outputs.c */
MM_METHOD(outputs);
MM_METHOD(test_output);
/* method_history.c */
MM_METHOD(profile);
MM_METHOD(events);
/* method_harmonics.c */
MM_METHOD(harmonics);
/* method_verify.c */
MM_METHOD(verify);
MM_METHOD(head);
/* method_diagnose.c */
MM_METHOD(diagnose);
/* method_preset.c */
MM_METHOD(preset);
/* method_correct.c */
MM_METHOD(correct);
/* method_session.c */
MM_METHOD(start_calibration);
MM_METHOD(measure_calibration);
MM_METHOD(calibration_reference);
MM_METHOD(cancel_calibration);
/* method_version.c */
MM_METHOD(accept_calibration);
MM_METHOD(return_calibration);
MM_METHOD(calibration);

#endif
