/* SPDX-License-Identifier: MIT */
#include "service/methods.h"

#include "base/count_of.h"
#include "service/call.h"

const struct mm_varlink_method mm_methods[] = {
	{"org.minimeter.Read", mm_method_read, MM_VARLINK_READ},
	{"org.minimeter.Status", mm_method_status, MM_VARLINK_READ},
	{"org.minimeter.GetNameplate", mm_method_nameplate, MM_VARLINK_READ},
	{"org.minimeter.GetProfile", mm_method_profile, MM_VARLINK_READ},
	{"org.minimeter.GetEvents", mm_method_events, MM_VARLINK_READ},
	{"org.minimeter.GetOutputs", mm_method_outputs, MM_VARLINK_READ},
	{"org.minimeter.GetHarmonics", mm_method_harmonics, MM_VARLINK_READ},
	{"org.minimeter.Verify", mm_method_verify, MM_VARLINK_READ},
	{"org.minimeter.GetHead", mm_method_head, MM_VARLINK_READ},
	{"org.minimeter.Diagnose", mm_method_diagnose, MM_VARLINK_READ},
	{"org.minimeter.GetCalibration", mm_method_calibration, MM_VARLINK_READ},
	{"org.minimeter.TestOutput", mm_method_test_output, MM_VARLINK_ADMIN},
	{"org.minimeter.Preset", mm_method_preset, MM_VARLINK_ADMIN},
	{"org.minimeter.Correct", mm_method_correct, MM_VARLINK_ADMIN},
	{"org.minimeter.StartCalibration", mm_method_start_calibration, MM_VARLINK_ADMIN},
	{"org.minimeter.MeasureCalibration", mm_method_measure_calibration, MM_VARLINK_ADMIN},
	{"org.minimeter.SetCalibrationReference", mm_method_calibration_reference, MM_VARLINK_ADMIN},
	{"org.minimeter.AcceptCalibration", mm_method_accept_calibration, MM_VARLINK_ADMIN},
	{"org.minimeter.CancelCalibration", mm_method_cancel_calibration, MM_VARLINK_ADMIN},
	{"org.minimeter.ReturnCalibration", mm_method_return_calibration, MM_VARLINK_ADMIN},
};
const size_t mm_method_count = COUNT_OF(mm_methods);

void mm_methods_not_permitted(struct mm_varlink_call *call)
{
	mm_call_not_permitted(call, "only on the admin socket");
}
