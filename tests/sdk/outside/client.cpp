// SPDX-License-Identifier: MIT
// A driver that imports from another one.
#include <wdm.h>

#include "library.h"

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) { return AddOne(STEP); }
