// SPDX-License-Identifier: MIT
// Memory and port ranges in resource descriptors. A length above 32 bits is kept without its lowest 8, 16 or 32 bits,
// which must then be zero, and a flag says which.
#pragma once

#include "nt/basic.h"
#include "nt/resource.h"
#include "nt/resource_requirements.h"
#include "nt/status.h"

namespace ringside::rtl {

NTSTATUS RtlIoEncodeMemIoResource(IO_RESOURCE_DESCRIPTOR* descriptor, UCHAR type, ULONGLONG length, ULONGLONG alignment,
                                  ULONGLONG minimum, ULONGLONG maximum);
ULONGLONG RtlIoDecodeMemIoResource(IO_RESOURCE_DESCRIPTOR const* descriptor, ULONGLONG* alignment, ULONGLONG* minimum,
                                   ULONGLONG* maximum);
NTSTATUS RtlCmEncodeMemIoResource(CM_PARTIAL_RESOURCE_DESCRIPTOR* descriptor, UCHAR type, ULONGLONG length,
                                  ULONGLONG start);
ULONGLONG RtlCmDecodeMemIoResource(CM_PARTIAL_RESOURCE_DESCRIPTOR const* descriptor, ULONGLONG* start);
// Also exported: the smallest length from this one on that can be encoded.
NTSTATUS RtlFindClosestEncodableLength(ULONGLONG length, ULONGLONG* encodable);

} // namespace ringside::rtl
