/* SPDX-License-Identifier: MIT */
#include "service/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "service/deferred.h"
#include "service/methods.h"
#include "service/private.h"

int mm_service_new(const struct mm_service_parts *parts, struct mm_service **ret)
{
	struct mm_service *service = calloc(1, sizeof(*service));

	if (!service) {
		return -ENOMEM;
	}
	*service = (struct mm_service){.metering = parts->metering,
				       .worker = parts->worker,
				       .config_path = parts->config_path,
				       .config = parts->config,
				       .check_store = parts->check_store};
	memcpy(service->front_end, parts->front_end, sizeof(service->front_end));
	service->read = (struct mm_varlink_service){
		.vendor = "minimeter",
		.product = "minimeterd",
		.version = PACKAGE_VERSION,
		.url = PACKAGE_URL,
		.interface = "org.minimeter",
		.description = mm_varlink_minimeter_interface,
		.methods = mm_methods,
		.method_count = mm_method_count,
		.not_permitted = mm_methods_not_permitted,
		.userdata = service,
	};
	service->admin = service->read;
	service->admin.admin = true;
	*ret = service;
	return 0;
}

void mm_service_publish(struct mm_service *service, bool health)
{
	service->health_changed = health;
	mm_deferred_come(service, MM_WAIT_WINDOW);
	for (size_t i = 0; i < COUNT_OF(service->published); i++) {
		mm_text_clear(&service->published[i]);
	}
}

void mm_service_stop(struct mm_service *service)
{
	if (service) {
		mm_deferred_done(service);
	}
}

void mm_service_free(struct mm_service *service)
{
	if (service) {
		free(service->session);
		free(service);
	}
}
