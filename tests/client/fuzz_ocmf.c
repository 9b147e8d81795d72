/* SPDX-License-Identifier: MIT */
/*
 * A record of OCMF as anybody may hand it over, and a key behind a NUL: it is refused in words, or whole; and what verifies is
 * signed to its last byte.
 */

#include "client/ocmf.h"

#include <string.h>

#include "fixture/fuzz.h"

/* Signed for this test with a key that is thrown away. */
#define KEY                                                                                                                      \
	"3059301306072a8648ce3d020106082a8648ce3d030107034200044934f972aacfc8af42bf6b171202259a9a520490859acdf91b305db68cd1aabc" \
	"3e23dce3408e9d565e2671789f9e3ee066fc5883ffc4ca533f91587cd2ccf457"
#define PAYLOAD "{\"FV\":\"1.0\",\"PG\":\"T1\",\"RD\":[{\"RV\":12.345,\"RU\":\"kWh\"}]}"
#define SIGNATURE                                                                                                                \
	"3045022079c16500c3a33821c90a17e8f19575dfa58a9bac128bda33f3ca61eefa73772202210087b591cc110fe0dfbcebae9bfb512edf9248cc09" \
	"145e0ebd6eac45d1491ea79e"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED("OCMF|" PAYLOAD "|{\"SA\":\"ECDSA-secp256r1-SHA256\",\"SD\":\"" SIGNATURE "\"}\0" KEY),
	MM_FUZZ_SEED("OCMF|{}|{\"SA\":\"ECDSA-brainpool384r1-SHA256\",\"SE\":\"base64\",\"SD\":\"MAYCAQECAQE=\"}\n\0"
		     "-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n"),
	MM_FUZZ_SEED("OCMF|{\"PG\":\"T1\",\"RD\":[{\"RV\":1.000}]}|{\"SD\":\"00\",\"SM\":\"application/x-der\"}\0MFYw"),
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *nul = size > 0 ? memchr(text, '\0', size) : NULL;
	size_t length = nul != NULL ? (size_t)(nul - text) : size;
	struct mm_error error = {0};
	struct mm_ocmf *ocmf = NULL;
	int r = mm_ocmf_new(text, length, &ocmf, &error);

	MM_FUZZ_CHECK((r == 0) == (ocmf != NULL) && (r == 0) == (error.text[0] == '\0'));
	if (r == 0) {
		const char *key = nul != NULL ? nul + 1 : "";

		MM_FUZZ_CHECK(json_is_object(mm_ocmf_payload(ocmf)));
		r = mm_ocmf_verify(ocmf, key, nul != NULL ? size - length - 1 : 0, &error);
		MM_FUZZ_CHECK((r == 0) == (error.text[0] == '\0'));
		MM_FUZZ_CHECK(r != 0 || memmem(text, length, "|" PAYLOAD "|", strlen(PAYLOAD) + 2) != NULL);
	}
	mm_ocmf_free(ocmf);
	return 0;
}
