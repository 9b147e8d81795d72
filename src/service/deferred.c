/* SPDX-License-Identifier: MIT */
#include "service/deferred.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "service/call.h"

void *mm_deferred_new(struct mm_service *service, struct mm_varlink_call *call, const struct mm_deferred_kind *kind)
{
	struct mm_deferred **end = &service->waiting, *deferred;
	unsigned count = 0;

	for (; *end; end = &(*end)->next) {
		count += (*end)->kind == kind;
	}
	if (kind->max > 0 && count >= kind->max) {
		mm_call_busy(call, kind->why);
		return NULL;
	}
	deferred = calloc(1, kind->size);
	if (!deferred) {
		mm_call_busy(call, "out of memory");
		return NULL;
	}
	*deferred = (struct mm_deferred){.kind = kind, .service = service, .call = call};
	*end = deferred;
	return deferred;
}

struct mm_varlink_call *mm_deferred_take(struct mm_deferred *deferred)
{
	struct mm_deferred **link = &deferred->service->waiting;
	struct mm_varlink_call *call = deferred->call;

	while (*link != deferred) {
		link = &(*link)->next;
	}
	*link = deferred->next;
	if (deferred->kind->release) {
		deferred->kind->release(deferred);
	}
	json_decref(deferred->json);
	mm_text_clear(&deferred->text);
	free(deferred);
	return call;
}

void mm_deferred_reply(struct mm_deferred *deferred, json_t *reply)
{
	mm_call_reply(mm_deferred_take(deferred), reply);
}

void mm_deferred_reply_text(struct mm_deferred *deferred)
{
	struct mm_text text = deferred->text;

	deferred->text = (struct mm_text){0};
	mm_call_reply_text(mm_deferred_take(deferred), &text);
	mm_text_clear(&text);
}

static void give_up(struct mm_deferred *deferred)
{
	mm_varlink_call_unref(mm_deferred_take(deferred));
}

void mm_deferred_come(struct mm_service *service, enum mm_deferred_wait wait)
{
	struct mm_deferred *next;

	for (struct mm_deferred *deferred = service->waiting; deferred; deferred = next) {
		next = deferred->next;
		if (deferred->kind->wait != wait) {
			continue;
		}
		if (mm_varlink_call_gone(deferred->call)) {
			give_up(deferred);
		} else {
			deferred->kind->come(deferred);
		}
	}
}

void mm_deferred_done(struct mm_service *service)
{
	struct mm_deferred *next;

	for (struct mm_deferred *deferred = service->waiting; deferred; deferred = next) {
		next = deferred->next;
		if (!deferred->running) {
			give_up(deferred);
		}
	}
}

/* ---- Commits ---- */

static void status_has_come(struct mm_deferred *change)
{
	const struct mm_store_status *status = change->service->status;

	if (status->error != 0) {
		mm_call_error(mm_deferred_take(change), "org.minimeter.RegisterFailed",
			      json_pack("{s:s+}", "reason", "done, but not on the disk yet: ", status->message));
	} else if (status->durable >= change->commit) {
		mm_deferred_reply(change, json_incref(change->json));
	}
}

struct mm_deferred *mm_deferred_change(struct mm_service *service, struct mm_varlink_call *call)
{
	static const struct mm_deferred_kind kind = {
		.wait = MM_WAIT_COMMIT, .size = sizeof(struct mm_deferred), .come = status_has_come};

	return mm_deferred_new(service, call, &kind);
}

void mm_deferred_commit(struct mm_deferred *change, json_t *reply)
{
	change->json = reply;
	change->commit = mm_metering_commit(change->service->metering);
}

/* Lets those that follow the register look for what is new; those whose peer is gone are given up. */
static void follow(struct mm_service *service)
{
	struct mm_deferred *next;

	for (struct mm_deferred *deferred = service->waiting; deferred; deferred = next) {
		next = deferred->next;
		if (!deferred->following) {
			continue;
		}
		if (mm_varlink_call_gone(deferred->call)) {
			give_up(deferred);
		} else {
			deferred->following = false;
			mm_deferred_query(deferred, deferred->query, deferred->done);
		}
	}
}

void mm_service_store_status(struct mm_service *service, const struct mm_store_status *status)
{
	service->status = status;
	mm_deferred_come(service, MM_WAIT_COMMIT);
	service->status = NULL;
	if (status->commits != service->followed) {
		service->followed = status->commits;
		follow(service);
	}
}

/* ---- Queries ---- */

static void query_done(int result, void *userdata)
{
	struct mm_deferred *deferred = userdata;

	deferred->running = false;
	deferred->done(deferred, result);
}

/* begun: the result of giving the query to the store's thread. */
static void query_begun(struct mm_deferred *deferred, mm_store_query_fn query, mm_deferred_fn done, int begun)
{
	deferred->query = query;
	deferred->done = done;
	deferred->running = begun == 0;
	if (begun < 0) {
		done(deferred, begun);
	}
}

void mm_deferred_query(struct mm_deferred *deferred, mm_store_query_fn query, mm_deferred_fn done)
{
	deferred->seen = deferred->service->followed;
	query_begun(deferred, query, done, mm_store_worker_query(deferred->service->worker, query, query_done, deferred));
}

void mm_deferred_record(struct mm_deferred *deferred, mm_store_query_fn query, mm_deferred_fn done)
{
	query_begun(deferred, query, done, mm_store_worker_own_query(deferred->service->worker, query, query_done, deferred));
}

static void page_taken(struct mm_varlink_call *call, void *userdata)
{
	struct mm_deferred *deferred = userdata;

	if (mm_varlink_call_gone(call)) {
		give_up(deferred);
	} else {
		mm_deferred_query(deferred, deferred->query, deferred->done);
	}
}

static void send_page(struct mm_deferred *deferred, void (*taken)(struct mm_varlink_call *, void *))
{
	struct mm_text page = deferred->text;
	int r;

	deferred->text = (struct mm_text){0};
	mm_varlink_call_when_drained(deferred->call, taken, deferred);
	r = mm_varlink_reply_text(deferred->call, &page, true);
	mm_text_clear(&page);
	if (r == -ENOBUFS) {
		mm_deferred_failed(deferred, r);
	}
}

void mm_deferred_page(struct mm_deferred *deferred)
{
	send_page(deferred, page_taken);
}

/* A commit can have come while the query ran, or while the peer took its page. */
static void rest(struct mm_varlink_call *call, void *userdata)
{
	struct mm_deferred *deferred = userdata;

	if (mm_varlink_call_gone(call)) {
		give_up(deferred);
	} else if (deferred->seen != deferred->service->followed) {
		mm_deferred_query(deferred, deferred->query, deferred->done);
	} else {
		deferred->following = true;
	}
}

void mm_deferred_page_later(struct mm_deferred *deferred)
{
	send_page(deferred, rest);
}

void mm_deferred_rest(struct mm_deferred *deferred)
{
	rest(deferred->call, deferred);
}

void mm_deferred_failed(struct mm_deferred *deferred, int result)
{
	struct mm_varlink_call *call = mm_deferred_take(deferred);

	if (result == -EAGAIN) {
		mm_call_busy(call, "too many queries wait for the register");
	} else {
		mm_call_store_failed(call, strerror(-result));
	}
}
