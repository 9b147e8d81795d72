/* SPDX-License-Identifier: MIT */
/* Dispatch by method name, and org.varlink.service, by which a peer asks what it talks to. */
#include "varlink/private.h"

#include <string.h>

#include "base/count_of.h"

#define SERVICE_INTERFACE "org.varlink.service"

static const char service_description[] = "# What every Varlink service answers\n"
					  "interface org.varlink.service\n"
					  "\n"
					  "# Who is there, and which interfaces it has\n"
					  "method GetInfo() -> (\n"
					  "  vendor: string,\n"
					  "  product: string,\n"
					  "  version: string,\n"
					  "  url: string,\n"
					  "  interfaces: []string\n"
					  ")\n"
					  "\n"
					  "# The text of one of them\n"
					  "method GetInterfaceDescription(interface: string) -> (description: string)\n"
					  "\n"
					  "error InterfaceNotFound (interface: string)\n"
					  "error MethodNotFound (method: string)\n"
					  "error MethodNotImplemented (method: string)\n"
					  "error InvalidParameter (parameter: string)\n";

static void get_info(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct mm_varlink_service *service = userdata;

	(void)parameters;
	(void)mm_varlink_reply(call,
			       json_pack("{s:s, s:s, s:s, s:s, s:[s, s]}", "vendor", service->vendor, "product", service->product,
					 "version", service->version, "url", service->url, "interfaces", SERVICE_INTERFACE,
					 service->interface),
			       false);
}

static void get_interface_description(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct mm_varlink_service *service = userdata;
	const char *interface = json_string_value(json_object_get(parameters, "interface"));
	const char *description;

	if (!interface) {
		(void)mm_varlink_invalid_parameter(call, "interface");
		return;
	}
	description = strcmp(interface, SERVICE_INTERFACE) == 0	   ? service_description
		      : strcmp(interface, service->interface) == 0 ? service->description
								   : NULL;
	if (!description) {
		(void)mm_varlink_error(call, SERVICE_INTERFACE ".InterfaceNotFound", json_pack("{s:s}", "interface", interface));
		return;
	}
	(void)mm_varlink_reply(call, json_pack("{s:s}", "description", description), false);
}

static const struct mm_varlink_method service_methods[] = {
	{SERVICE_INTERFACE ".GetInfo", get_info, MM_VARLINK_READ},
	{SERVICE_INTERFACE ".GetInterfaceDescription", get_interface_description, MM_VARLINK_READ},
};

static const struct mm_varlink_method *find(const struct mm_varlink_method *methods, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(methods[i].name, name) == 0) {
			return &methods[i];
		}
	}
	return NULL;
}

static bool same(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && memcmp(name, text, length) == 0;
}

/* Says whether the interface or only the method is unknown. */
static void refuse(struct mm_varlink_call *call, const struct mm_varlink_service *service, const char *method)
{
	const char *dot = strrchr(method, '.');
	size_t length = dot ? (size_t)(dot - method) : 0;

	if (dot && !same(SERVICE_INTERFACE, method, length) && !same(service->interface, method, length)) {
		(void)mm_varlink_error(call, SERVICE_INTERFACE ".InterfaceNotFound",
				       json_pack("{s:s%}", "interface", method, length));
	} else {
		(void)mm_varlink_error(call, SERVICE_INTERFACE ".MethodNotFound", json_pack("{s:s}", "method", method));
	}
}

void mm_varlink_dispatch(struct mm_varlink_call *call, const struct mm_varlink_service *service, const char *method,
			 const json_t *parameters)
{
	const struct mm_varlink_method *found;

	found = find(service_methods, COUNT_OF(service_methods), method);
	if (found) {
		found->handle(call, parameters, (void *)service);
		return;
	}
	found = find(service->methods, service->method_count, method);
	if (!found) {
		refuse(call, service, method);
	} else if (!found->handle) {
		(void)mm_varlink_error(call, SERVICE_INTERFACE ".MethodNotImplemented", json_pack("{s:s}", "method", method));
	} else if (found->access == MM_VARLINK_ADMIN && !service->admin) {
		service->not_permitted(call);
	} else {
		found->handle(call, parameters, service->userdata);
	}
}
