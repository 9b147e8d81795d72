# SPDX-License-Identifier: MIT
dist_check_SCRIPTS += tests/check_layering.sh
TESTS += tests/check_layering.sh
