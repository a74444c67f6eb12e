// SPDX-License-Identifier: MIT
// IRQL annotations live in driverspecs.h.
#pragma once
#include <driverspecs.h>
