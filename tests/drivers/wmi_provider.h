// SPDX-License-Identifier: MIT
// What wmi_provider.sys and its test agree on.
#pragma once

// A block of two instances, "Slot0" and "Slot1": one ULONG each, which item 1 is; method 1 adds its input to it, and
// gives the sum back; method 2 gives back more than anybody has room for.
#define WMI_SLOT_GUID "{5f3a1c62-0d6b-4d6e-9f0e-1f6a5a3b7c01}"
// An event block of one instance: fired by the method above with the sum as its data, while it is enabled.
#define WMI_SUM_GUID "{5f3a1c62-0d6b-4d6e-9f0e-1f6a5a3b7c02}"
// An expensive block of one instance: ULONGs that tell how often collection was enabled and disabled, and events.
#define WMI_COUNT_GUID "{5f3a1c62-0d6b-4d6e-9f0e-1f6a5a3b7c03}"
