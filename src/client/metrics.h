/* SPDX-License-Identifier: MIT */
#ifndef MM_CLIENT_METRICS_H
#define MM_CLIENT_METRICS_H

/*
 * The meters' figures for Prometheus, out of the daemon's answers. A counter is what the daemon calls durable: it never goes
 * back, whatever happens to the daemon, because a total that fell by 8 Wh would be taken for a counter that began anew, and the
 * whole life of the meter for what was used since. A figure that the answers do not have, or one of the past, is no series.
 */

#include <jansson.h>
#include <stdio.h>

enum mm_metrics_form {
	MM_METRICS_PROMETHEUS, /* text/plain; version=0.0.4 */
	MM_METRICS_OPENMETRICS /* application/openmetrics-text; version=1.0.0 */
};

/*
 * Prints them. read and status are answers of org.minimeter.Read and org.minimeter.Status. Energies are in joules with four
 * decimals, which is exact: 1 uWh is 0.0036 J. There are no timestamps. Whether all was written out the stream says (ferror()).
 */
void mm_metrics_write(FILE *out, enum mm_metrics_form form, const json_t *read, const json_t *status);

#endif
