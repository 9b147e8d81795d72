/* SPDX-License-Identifier: MIT */
/* A front end on the network: the unit has none, and gets no more of it than that one address. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "setup/private.h"

/* The host of "ip:HOST", "ip:HOST:PORT" or "ip:[HOST]:PORT". False: none of these. */
static bool host_of(const char *uri, char ret[static MM_HOST_MAX])
{
	const char *host = uri + 3, *colon = strchr(host, ':');
	size_t length = strlen(host);

	if (strncmp(uri, "ip:", 3) != 0) {
		return false;
	}
	if (host[0] == '[') {
		host++;
		length = strcspn(host, "]");
	} else if (colon && !strchr(colon + 1, ':')) {
		length = (size_t)(colon - host); /* more than one colon: IPv6 */
	}
	snprintf(ret, MM_HOST_MAX, "%.*s", (int)(length < MM_HOST_MAX ? length : MM_HOST_MAX - 1), host);
	return true;
}

static int family_of(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];
	char plain[MM_HOST_MAX];

	snprintf(plain, sizeof(plain), "%s", host);
	plain[strcspn(plain, "%")] = '\0'; /* the interface of a link-local address */
	return inet_pton(AF_INET, plain, address) == 1	  ? AF_INET
	       : inet_pton(AF_INET6, plain, address) == 1 ? AF_INET6
							  : AF_UNSPEC;
}

/* The address that a name has now. */
static bool look_up(const char *host, char ret[static MM_HOST_MAX])
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	bool known = getaddrinfo(host, NULL, &hints, &found) == 0 &&
		     getnameinfo(found->ai_addr, found->ai_addrlen, ret, MM_HOST_MAX, NULL, 0, NI_NUMERICHOST) == 0;

	if (found) {
		freeaddrinfo(found);
	}
	return known;
}

int mm_network_check(const char *uri, struct mm_error *error)
{
	char host[MM_HOST_MAX], address[MM_HOST_MAX];

	if (!host_of(uri, host) || strcmp(host, "localhost") == 0 || family_of(host) != AF_UNSPEC) {
		return 0;
	}
	if (host[0] == '\0') {
		return mm_error_set(error, -EINVAL, "ip: needs an address, such as ip:192.0.2.7");
	}
	if (look_up(host, address)) {
		return mm_error_set(error, -EINVAL,
				    "the daemon may talk to one address and to no name server: write ip:%s in place of ip:%s",
				    address, host);
	}
	return mm_error_set(error, -EINVAL, "%s is no address, and no name that is known here", host);
}

char *mm_network_drop_in(const char *uri)
{
	char host[MM_HOST_MAX], *text;

	if (!host_of(uri, host)) {
		return NULL;
	}
	host[strcspn(host, "%")] = '\0';
	if (asprintf(&text,
		     "# Written by minimeter-setup: the front end is on the network. Nothing authenticates this connection.\n"
		     "[Service]\n"
		     "PrivateNetwork=no\n"
		     "RestrictAddressFamilies=%s\n"
		     "IPAddressAllow=%s\n",
		     family_of(host) == AF_INET6 ? "AF_INET6" : "AF_INET", host) < 0) {
		return NULL;
	}
	return text;
}
