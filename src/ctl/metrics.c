/* SPDX-License-Identifier: MIT */
/* The readings for Prometheus, by way of node_exporter's textfile collector. */

#include "client/metrics.h"

#include "ctl/private.h"

/* A meter with a fault is no failure: that is what the figures say, and an exit status would keep them from being stored. */
int mm_ctl_metrics(struct mm_ctl *ctl)
{
	json_t *read, *status;
	int r;

	if (ctl->option[MM_OPTION_JSON] != NULL) {
		return mm_ctl_fail(
			ctl, MM_CTL_USAGE,
			"metrics are in Prometheus' form; 'minimeterctl --json read' and 'status' have the figures as JSON");
	}
	r = mm_ctl_call(ctl, "org.minimeter.Read", mm_ctl_meter_parameter(ctl), &read);
	if (r != MM_CTL_FINE) {
		return r;
	}
	r = mm_ctl_call(ctl, "org.minimeter.Status", NULL, &status);
	if (r == MM_CTL_FINE) {
		mm_metrics_write(ctl->out, MM_METRICS_PROMETHEUS, read, status);
		json_decref(status);
	}
	json_decref(read);
	return r;
}
