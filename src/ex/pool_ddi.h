// SPDX-License-Identifier: MIT
// ExAllocatePool and its kin, as drivers call them.
#pragma once

#include "nt/nt.h"

namespace ringside::ex {

// For ExAllocatePool3; not in mingw-w64's headers.
// @cite(wdk-ddi): page=wdm/ns-wdm-pool_extended_parameter
struct POOL_EXTENDED_PARAMETER {
    nt::ULONG64 Type : 8; // POOL_EXTENDED_PARAMETER_TYPE
    nt::ULONG64 Optional : 1;
    nt::ULONG64 Reserved : 55;
    union {
        nt::ULONG64 Reserved2;
        nt::EX_POOL_PRIORITY Priority;
        nt::ULONG PreferredNode;
    };
};
static_assert(sizeof(POOL_EXTENDED_PARAMETER) == 16);

nt::PVOID ExAllocatePool(nt::POOL_TYPE type, nt::SIZE_T bytes);
nt::PVOID ExAllocatePoolWithTag(nt::POOL_TYPE type, nt::SIZE_T bytes, nt::ULONG tag);
nt::PVOID ExAllocatePoolWithTagPriority(nt::POOL_TYPE type, nt::SIZE_T bytes, nt::ULONG tag,
                                        nt::EX_POOL_PRIORITY priority);
nt::PVOID ExAllocatePoolWithQuota(nt::POOL_TYPE type, nt::SIZE_T bytes);
nt::PVOID ExAllocatePoolWithQuotaTag(nt::POOL_TYPE type, nt::SIZE_T bytes, nt::ULONG tag);
nt::PVOID ExAllocatePool2(nt::POOL_FLAGS flags, nt::SIZE_T bytes, nt::ULONG tag);
nt::PVOID ExAllocatePool3(nt::POOL_FLAGS flags, nt::SIZE_T bytes, nt::ULONG tag,
                          POOL_EXTENDED_PARAMETER const* parameters, nt::ULONG parameter_count);
void ExFreePool(nt::PVOID block);
void ExFreePoolWithTag(nt::PVOID block, nt::ULONG tag);
void ExFreePool2(nt::PVOID block, nt::ULONG tag, POOL_EXTENDED_PARAMETER const* parameters, nt::ULONG parameter_count);

} // namespace ringside::ex
