/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_SERVICE_H
#define MM_SERVICE_SERVICE_H

/*
 * The Varlink methods of org.minimeter, between the clients and what is metered. The main loop reports here what has come, and
 * those who wait for it are answered. Each call is answered once, or given up with its client.
 */

#include "metering/view.h"
#include "store/worker.h"

struct mm_service;

/* Would a start with this configuration be refused the register? 0; -errno, and error says why; 1: it can't be seen now. */
typedef int (*mm_service_check_fn)(const struct mm_config *config, struct mm_error *error);

/* What it is made from. All are borrowed. */
struct mm_service_parts {
	struct mm_metering *metering;
	struct mm_store_worker *worker;
	struct mm_front_end *front_end[MM_FRONT_ENDS_MAX]; /* to be asked for harmonics; NULL: it measures none */
	const char *config_path;			   /* of the file to read again */
	struct mm_config *config;			   /* in force */
	mm_service_check_fn check_store;		   /* of what is read again; NULL: nothing is asked */
};

/* 0 or -ENOMEM. */
int mm_service_new(const struct mm_service_parts *parts, struct mm_service **ret);

/* Reads the configuration again, as the method Reload does. What comes of it is logged. */
void mm_service_reload(struct mm_service *service);

/* A front end has reported: answers the requests for harmonics that came with it, and passes on the next. */
void mm_service_report(struct mm_service *service, unsigned front_end);

/* There are new readings, or the health of a front end has changed. */
void mm_service_publish(struct mm_service *service, bool health);

/* The store's new state: answers the changes that are durable by now, or have failed. */
void mm_service_store_status(struct mm_service *service, const struct mm_store_status *status);

/* Gives up all calls that wait, but for queries under way: they end with the worker. NULL-safe. */
void mm_service_stop(struct mm_service *service);

/* After the worker has ended. NULL-safe. */
void mm_service_free(struct mm_service *service);

#endif
