/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_SERVICE_H
#define MM_SERVICE_SERVICE_H

/*
 * The Varlink methods of org.minimeter: one table for the read socket, one for the admin socket (which has them all).
 */

#include "service/calibrator.h"
#include "metering/view.h"
#include "service/harmonics.h"
#include "varlink/varlink.h"

#define MM_STREAMS_MAX 64
#define MM_ACTS_MAX 8

struct mm_service {
	struct mm_engine *engine;
	struct mm_store_worker *worker;
	struct mm_varlink_service read;
	struct mm_varlink_service admin;
	struct mm_calibrator calibrator;
	struct mm_harmonics_desk harmonics; /* its front end is set by who knows that */
	unsigned clients;		    /* connected now: kept by the server */
	bool verifying;			    /* one at a time */
	struct mm_stream {
		struct mm_varlink_call *call; /* NULL: free */
		int meter;		      /* -1: all */
	} streams[MM_STREAMS_MAX];	      /* Read calls with "more" */
	struct mm_act {
		struct mm_varlink_call *call; /* NULL: free */
		json_t *reply;
		int64_t committed_ns; /* of the commit that makes it durable */
	} acts[MM_ACTS_MAX];	      /* see acts.h */
};

/* engine and worker are borrowed. */
void mm_service_init(struct mm_service *service, struct mm_engine *engine, struct mm_store_worker *worker);

/* Sends the new readings to everybody who streams them. */
void mm_service_publish(struct mm_service *service);

/* Finishes a call with an answer; NULL, for want of memory, is answered with an error and never with an empty object. */
void mm_service_reply(struct mm_varlink_call *call, json_t *parameters);

/* The number of the meter that the parameter "meter" names, -1 for all of them; -2 after having answered with an error. */
int mm_service_meter(struct mm_varlink_call *call, const json_t *parameters, const struct mm_engine *engine);

/* The same where it must be named; or else -2. */
int mm_service_named_meter(struct mm_varlink_call *call, const json_t *parameters, const struct mm_engine *engine);

/* The same where it must be named unless there is but one; or else -2. */
int mm_service_one_meter(struct mm_varlink_call *call, const json_t *parameters, const struct mm_engine *engine);

/* Ends all streams and gives up what is not answered yet; for shutting down. */
void mm_service_done(struct mm_service *service);

#endif
